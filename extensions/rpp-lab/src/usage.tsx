// How much does this workspace take of what it may? In the status bar; and a message when a limit was reached.

import { ReactWidget } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import React from 'react';
import { IReached, IShare, IUsage } from './api';
import { say } from './saying';
import { Watch } from './watch';

const NEARLY = 0.9;
const GIBIBYTE = 1024 ** 3;
const MEBIBYTE = 1024 ** 2;
const SHORT = 8; // characters that tell versions apart; the whole is in the title

export class UsageItem extends ReactWidget {
  private usage: IUsage | null = null;
  private shown = 0;

  constructor(watch: Watch) {
    super();
    this.addClass('rpp-Usage');
    this.node.dataset.testid = 'rpp-usage';
    watch.told.connect(this.take, this);
  }

  override dispose(): void {
    Signal.clearData(this);
    super.dispose();
  }

  protected override render(): React.ReactElement | null {
    const usage = this.usage;
    return usage === null ? null : (
      <span title={explanation(usage)}>
        <Share name="Memory" share={usage.memory} /> <Share name="Files" share={usage.disk} />{' '}
        {usage.environment && <span className="rpp-Usage-share">Environment {usage.environment.slice(0, SHORT)}</span>}
      </span>
    );
  }

  private take(_: Watch, usage: IUsage): void {
    this.usage = usage;
    const fresh = usage.reached.filter(one => one.number > this.shown);
    this.shown = Math.max(this.shown, ...fresh.map(one => one.number));
    fresh.filter(isRecent).forEach(one => say(one.sentence, 'error', 'A limit was reached'));
    this.update();
  }
}

function Share({ name, share }: { name: string; share: IShare }): React.ReactElement {
  const full = share.limit !== null && share.used > share.limit * NEARLY;
  return (
    <span className={full ? 'rpp-Usage-share rpp-mod-full' : 'rpp-Usage-share'}>
      {name} {share.limit === null ? size(share.used) : `${size(share.used)} of ${size(share.limit)}`}
      {full ? ', nearly full' : ''}
    </span>
  );
}

function explanation(usage: IUsage): string {
  const cell = usage.cell_seconds === null ? '' : ` A cell may run ${usage.cell_seconds} seconds.`;
  const cpus = usage.cpus === null ? '' : ` Processors: ${usage.cpus}.`;
  const version = usage.environment && ` Installed is version ${usage.environment} of the environment: rpp.packages() lists it.`;
  return `What this workspace uses of what it may: memory of all its kernels together, and its files.${cpus} Processes: ${usage.processes}.${cell}${version}`;
}

// A page that is opened anew does not repeat what was said an hour ago.
function isRecent(one: IReached): boolean {
  return Date.now() - Date.parse(one.at) < 10 * 60 * 1000;
}

function size(bytes: number): string {
  return bytes >= GIBIBYTE ? `${(bytes / GIBIBYTE).toFixed(1)} GiB` : `${Math.round(bytes / MEBIBYTE)} MiB`;
}
