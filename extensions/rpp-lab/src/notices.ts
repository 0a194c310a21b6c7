// What must a person in a workspace know now? That it closes soon, slows down or is paused: asked of the relay, shown once.

import { Notification } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';
import { Level, say } from './saying';

const EVERY = 15_000;

interface INotice {
  id: string;
  level: Level;
  text: string;
}

export class Notices {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  begin(): void {
    void this.look();
    window.setInterval(() => void this.look(), EVERY);
  }

  private async look(): Promise<void> {
    const notices = await this.ask();
    if (notices === null) {
      return; // no answer: nothing has changed as far as is known
    }
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

  private async ask(): Promise<INotice[] | null> {
    try {
      const url = `${this.settings.baseUrl}rpp/usage`;
      const answer = await ServerConnection.makeRequest(url, {}, this.settings);
      return answer.ok ? (((await answer.json()).notices ?? []) as INotice[]) : null;
    } catch {
      return null;
    }
  }

  private readonly shown = new Map<string, string>();
}
