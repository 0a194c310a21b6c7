// What is behind an output, in one quiet line under it? The kernel tells the evidence, the workspace's server the words.

import type { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ILine, ReviewApi } from './api';

const EVIDENCE = 'rpp_evidence';
const TYPES = ['application/vnd.rpp.evidence.v1+json', 'application/vnd.rpp.question.v1+json'];
const CLASS = 'rpp-Line';
const SETTLE = 150;
const AGAIN = 1500;
const MOST_TRIES = 8;
const MOST_KEPT = 500;
const MOST_ASKED = 100;

interface IPlace {
  readonly after: HTMLElement;
  readonly key: string;
}

export class QuietLines {
  constructor(
    tracker: INotebookTracker,
    private readonly api: ReviewApi
  ) {
    tracker.widgetAdded.connect((_, panel) => this.watch(panel));
    tracker.forEach(panel => this.watch(panel));
  }

  private watch(panel: NotebookPanel): void {
    const look = () => {
      for (const widget of panel.content.widgets) {
        if (widget.model.type === 'code' && !this.watched.has(widget)) {
          const cell = widget as CodeCell;
          this.watched.add(cell);
          cell.model.outputs.changed.connect(() => this.settle(cell));
          this.settle(cell);
        }
      }
    };
    void panel.context.ready.then(() => {
      panel.content.model?.cells.changed.connect(() => window.setTimeout(look, 0));
      panel.content.modelContentChanged.connect(look);
      look();
    });
  }

  /** Outputs come one by one; the line is asked for once they rest. */
  private settle(cell: CodeCell, tries = 0): void {
    window.clearTimeout(this.timers.get(cell));
    this.timers.set(cell, window.setTimeout(() => void this.place(cell, tries), tries === 0 ? SETTLE : AGAIN));
  }

  private async place(cell: CodeCell, tries: number): Promise<void> {
    if (cell.isDisposed) {
      return;
    }
    const places = placesOf(cell);
    const unknown = [...new Set(places.map(place => place.key))].filter(key => !this.known.has(key)).slice(0, MOST_ASKED);
    let isPending = false;
    if (unknown.length > 0) {
      try {
        const answers = await this.api.lines(unknown.map(key => JSON.parse(key)));
        unknown.forEach((key, index) => this.keep(key, answers[index] ?? null));
        isPending = answers.some(line => line?.tone === 'waiting');
      } catch {
        isPending = true; // a line is help, never worth a message
      }
    }
    if (cell.isDisposed) {
      return;
    }
    cell.outputArea.node.querySelectorAll(`.${CLASS}`).forEach(old => old.remove());
    for (const place of placesOf(cell)) {
      const line = this.known.get(place.key);
      if (line) {
        place.after.insertAdjacentElement('afterend', drawn(line));
      }
    }
    this.forgetWaiting();
    if (isPending && tries < MOST_TRIES) {
      this.settle(cell, tries + 1);
    }
  }

  private keep(key: string, line: ILine | null): void {
    if (this.known.size >= MOST_KEPT) {
      this.known.clear();
    }
    this.known.set(key, line);
  }

  private forgetWaiting(): void {
    for (const [key, line] of this.known) {
      if (line?.tone === 'waiting') {
        this.known.delete(key);
      }
    }
  }

  private readonly watched = new WeakSet<object>();
  private readonly timers = new WeakMap<object, number>();
  private readonly known = new Map<string, ILine | null>();
}

function placesOf(cell: CodeCell): IPlace[] {
  const { outputArea } = cell;
  const places: IPlace[] = [];
  for (let index = 0; index < Math.min(outputArea.model.length, outputArea.widgets.length); index++) {
    const output = outputArea.model.get(index);
    const data = TYPES.map(type => output.data[type]).find(found => found !== undefined);
    const evidence = output.metadata[EVIDENCE] ?? data;
    const after = outputArea.widgets[index]?.node;
    if (evidence !== undefined && evidence !== null && after !== undefined) {
      places.push({ after, key: JSON.stringify(evidence) });
    }
  }
  return places;
}

function drawn(line: ILine): HTMLElement {
  const node = document.createElement('div');
  node.className = `${CLASS} rpp-mod-${line.tone}`;
  node.setAttribute('role', 'note');
  node.tabIndex = 0;
  node.textContent = line.text;
  return node;
}
