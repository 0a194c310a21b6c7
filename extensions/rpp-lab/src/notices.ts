// What must a person in a workspace know now? That it closes soon, slows down or is paused: shown once, and while it holds.

import { Notification } from '@jupyterlab/apputils';
import { IUsage } from './api';
import { say } from './saying';
import { Watch } from './watch';

export class Notices {
  constructor(watch: Watch) {
    watch.told.connect((_, usage) => this.show(usage));
  }

  private show(usage: IUsage): void {
    const notices = usage.notices ?? [];
    const ids = new Set(notices.map(notice => notice.id));
    for (const [id, shown] of this.shown) {
      if (!ids.has(id)) {
        Notification.dismiss(shown);
        this.shown.delete(id);
      }
    }
    for (const notice of notices) {
      if (!this.shown.has(notice.id)) {
        this.shown.set(notice.id, say(notice.text, notice.level, 'About this workspace'));
      }
    }
  }

  private readonly shown = new Map<string, string>();
}
