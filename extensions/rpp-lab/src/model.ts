// What does the panel know at this moment? The current notebook, its outputs, what is ticked and written, what was sent.

import { showDialog, Dialog } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { VDomModel } from '@jupyterlab/ui-components';
import { IReceipt, IRequest, IReview, Refusal, ReviewApi } from './api';
import { counted } from './words';

export type Phase = 'no-notebook' | 'reading' | 'ready' | 'sending' | 'sent' | 'failed';

/** What a person ticked and wrote for one notebook; kept while other notebooks are looked at. */
export interface IDraft {
  chosen: ReadonlySet<string>;
  context: string;
  controls: string;
  /** Not the next round of a request that was sent back, though there is one. */
  isNew: boolean;
}

const EMPTY: IDraft = { chosen: new Set(), context: '', controls: '', isNew: false };
const REFRESH_MILLISECONDS = 20_000;

export class ReviewModel extends VDomModel {
  phase: Phase = 'no-notebook';
  review: IReview | null = null;
  refusal: Refusal | null = null;
  receipt: IReceipt | null = null;
  requests: readonly IRequest[] | null = null;
  requestsRefusal: Refusal | null = null;
  /** The notebook changed since its outputs were listed. */
  isStale = false;

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly api: ReviewApi
  ) {
    super();
    tracker.currentChanged.connect(this.onCurrentChanged, this);
  }

  get path(): string | null {
    return this.notebook?.context.path ?? null;
  }

  get isRunning(): boolean {
    return this.notebook?.sessionContext.session?.kernel?.status === 'busy';
  }

  get draft(): IDraft {
    return (this.path !== null && this.drafts.get(this.path)) || EMPTY;
  }

  /** The latest request for this notebook that the reviewers sent back. */
  get returned(): IRequest | null {
    const name = this.path?.split('/').pop();
    return this.requests?.find(request => request.status === 'returned' && request.name === name) ?? null;
  }

  change(part: Partial<IDraft>): void {
    if (this.path !== null) {
      this.drafts.set(this.path, { ...this.draft, ...part });
      this.stateChanged.emit();
    }
  }

  toggle(identity: string, isChosen: boolean): void {
    const chosen = new Set(this.draft.chosen);
    if (isChosen) {
      chosen.add(identity);
    } else {
      chosen.delete(identity);
    }
    this.change({ chosen });
  }

  /** Called when the panel is shown or hidden; hidden, it asks nothing. */
  setVisible(isVisible: boolean): void {
    this.isVisible = isVisible;
    window.clearInterval(this.timer);
    if (isVisible) {
      this.timer = window.setInterval(() => void this.refreshRequests(), REFRESH_MILLISECONDS);
      void this.refreshRequests();
      if (this.path !== (this.review?.path ?? null) && this.phase !== 'sending') {
        void this.read();
      }
    }
  }

  /** Saves the notebook and lists its outputs. */
  async read(): Promise<void> {
    const panel = this.notebook;
    if (panel === null) {
      this.enter('no-notebook', { review: null, refusal: null, receipt: null });
      return;
    }
    const turn = ++this.turn;
    this.enter('reading', { refusal: null, receipt: null });
    try {
      const review = await this.savedReview(panel);
      if (turn === this.turn) {
        this.take(review);
      }
    } catch (error) {
      if (turn === this.turn) {
        this.enter('failed', { review: null, refusal: asRefusal(error) });
      }
    }
  }

  /** Asks for confirmation, then sends what is ticked. */
  async submit(): Promise<void> {
    const review = this.review;
    const { chosen, context, controls, isNew } = this.draft;
    const returned = isNew ? null : this.returned;
    if (review === null || !(await isConfirmed(chosen.size))) {
      return;
    }
    this.enter('sending', { refusal: null });
    const outputs = review.outputs.map(output => output.identity).filter(identity => chosen.has(identity));
    try {
      const receipt = await this.api.submit({
        path: review.path,
        sha256: review.sha256,
        outputs,
        context,
        controls,
        ...(returned === null ? {} : { replaces: returned.id })
      });
      this.drafts.set(review.path, { ...this.draft, chosen: new Set() });
      this.enter('sent', { receipt });
    } catch (error) {
      const refusal = asRefusal(error);
      this.isStale = this.isStale || refusal.code === 'changed';
      this.enter('ready', { refusal });
    }
    await this.refreshRequests();
  }

  async refreshRequests(): Promise<void> {
    try {
      this.requests = await this.api.requests();
      this.requestsRefusal = null;
    } catch (error) {
      this.requestsRefusal = asRefusal(error);
    }
    this.stateChanged.emit();
  }

  private get notebook(): NotebookPanel | null {
    return this.tracker.currentWidget;
  }

  private async savedReview(panel: NotebookPanel): Promise<IReview> {
    await panel.context.ready;
    if (panel.context.model.dirty) {
      await panel.context.save();
    }
    return this.api.outputs(panel.context.path);
  }

  private take(review: IReview): void {
    const there = new Set(review.outputs.map(output => output.identity));
    this.drafts.set(review.path, { ...this.draft, chosen: new Set([...this.draft.chosen].filter(id => there.has(id))) });
    this.isStale = false;
    this.enter('ready', { review });
  }

  private enter(phase: Phase, change: Partial<Pick<ReviewModel, 'review' | 'refusal' | 'receipt'>>): void {
    Object.assign(this, change);
    this.phase = phase;
    this.stateChanged.emit();
  }

  private onCurrentChanged(_: INotebookTracker, panel: NotebookPanel | null): void {
    this.watched?.context.model.contentChanged.disconnect(this.onContentChanged, this);
    this.watched?.sessionContext.statusChanged.disconnect(this.onStatusChanged, this);
    this.watched = panel;
    panel?.context.model.contentChanged.connect(this.onContentChanged, this);
    panel?.sessionContext.statusChanged.connect(this.onStatusChanged, this);
    if (this.isVisible && this.phase !== 'sending') {
      void this.read();
    }
  }

  private onContentChanged(): void {
    if (!this.isStale && this.review !== null && this.notebook?.context.model.dirty) {
      this.isStale = true;
      this.stateChanged.emit();
    }
  }

  private onStatusChanged(): void {
    this.stateChanged.emit();
  }

  private readonly drafts = new Map<string, IDraft>();
  private isVisible = false;
  private timer = 0;
  private turn = 0;
  private watched: NotebookPanel | null = null;
}

async function isConfirmed(count: number): Promise<boolean> {
  const outputs = counted(count, 'output');
  const answer = await showDialog({
    title: `Send ${outputs} to the reviewers?`,
    body:
      `A frozen copy of ${count === 1 ? 'this output' : `these ${count} outputs`} and of the notebook's code goes to two reviewers. ` +
      'They run the notebook again and compare. You can go on working; later changes are not part of this request.',
    buttons: [Dialog.cancelButton({ label: 'Not yet' }), Dialog.okButton({ label: `Send ${outputs}` })],
    defaultButton: 1
  });
  return answer.button.accept;
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error;
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new Refusal('unsaved', `The notebook could not be saved (${reason}). Save it yourself, then press Refresh.`);
}
