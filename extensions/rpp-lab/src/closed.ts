// What is a person told when the workspace answers no more? That it is closed, and where that is explained; or that the
// connection is lost, and that nothing is to be done.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ServerConnection } from '@jupyterlab/services';

const CLOSED =
  'It closes after a time without work, when a paper that it needs has ended, and when somebody closes it. What was saved is there.' +
  ' What you wrote since then is on this page alone: copy it before you leave.';
const LOST = 'The connection to it was lost. What you wrote stays on this page, which goes on by itself when the workspace answers again.';
const FRAMED = ' The link to the project above this page says why, and opens it again.';
const LEAVE = "The project's page says why, and opens it again.";

export class Closed {
  constructor(private readonly app: JupyterFrontEnd) {}

  /** Asked by whatever of JupyterLab got no answer; one dialog at a time, and for a closed workspace one alone. */
  async say(): Promise<void> {
    if (this.saying) {
      return;
    }
    this.saying = true;
    const answered = await this.isAnswered();
    if (answered === null) {
      await showDialog({ title: 'The workspace does not answer', body: LOST, buttons: [Dialog.okButton()] });
    } else if (!answered) {
      await this.offerToLeave();
      return; // it does not come back on this page
    }
    this.saying = false;
  }

  private async offerToLeave(): Promise<void> {
    const title = 'Your workspace is closed';
    if (window.parent !== window) {
      await showDialog({ title, body: CLOSED + FRAMED, buttons: [Dialog.okButton({ label: 'Stay here' })] });
      return;
    }
    const buttons = [Dialog.cancelButton({ label: 'Stay here' }), Dialog.okButton({ label: 'Go to the project' })];
    const chosen = await showDialog({ title, body: `${CLOSED} ${LEAVE}`, buttons });
    if (chosen.button.accept) {
      window.location.assign(`/services/rpp/projects/${this.project}`);
    }
  }

  /** Whether the workspace answers; null where nobody does. For a closed one it is the hub that answers, and says no. */
  private async isAnswered(): Promise<boolean | null> {
    const settings = this.app.serviceManager.serverSettings;
    try {
      return (await ServerConnection.makeRequest(`${settings.baseUrl}api`, {}, settings)).ok;
    } catch {
      return null;
    }
  }

  /** The workspace's address ends with its project's name. */
  private get project(): string {
    return this.app.serviceManager.serverSettings.baseUrl.split('/').filter(part => part !== '').pop() ?? '';
  }

  private saying = false;
}
