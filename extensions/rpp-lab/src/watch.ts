// What does the workspace say of itself now? One question to the relay for all who want to know.

import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { IUsage, ReviewApi } from './api';

const EVERY = 5_000;
const HIDDEN = 15_000; // of a page that nobody looks at: what closes soon is said there too
const SELDOM = 60_000;

export class Watch {
  constructor(private readonly api: ReviewApi) {
    new Poll({
      name: '@rpp/lab:watch',
      standby: 'never',
      frequency: { interval: EVERY, backoff: true, max: SELDOM },
      factory: () => this.look()
    });
  }

  /** Each answer; without one nothing is told, and nothing has changed as far as is known. */
  get told(): ISignal<this, IUsage> {
    return this.telling;
  }

  private async look(): Promise<void> {
    if (document.hidden && Date.now() - this.asked < HIDDEN) {
      return;
    }
    this.asked = Date.now();
    this.telling.emit(await this.api.usage());
  }

  private asked = 0;
  private readonly telling = new Signal<this, IUsage>(this);
}
