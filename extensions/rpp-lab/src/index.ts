// Where does the panel appear? In the right side bar and the command palette. What the workspace uses: in the status bar.
// What is behind an output: in a line under it.

import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReviewApi } from './api';
import { hideCommands } from './hidden';
import { reviewIcon } from './icon';
import { QuietLines } from './lines';
import { ReviewModel } from './model';
import { Notices } from './notices';
import { ReviewPanel } from './panel';
import { UsageItem } from './usage';

const COMMAND = 'rpp:review-outputs';
const PANEL = 'rpp-review-panel';
const NARROW = 640;

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:plugin',
  description: 'Choose outputs of a notebook and ask for their release.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ) => {
    // A button in an output could run any command of the interface; nothing of JupyterLab's own needs that.
    app.commandLinker.dispose();
    const model = new ReviewModel(tracker, new ReviewApi(app.serviceManager.serverSettings));
    const panel = new ReviewPanel(model);
    panel.id = PANEL;
    app.shell.add(panel, 'right', { rank: 400 });
    restorer?.add(panel, PANEL);
    app.commands.addCommand(COMMAND, {
      label: 'Review Outputs…',
      caption: 'Choose outputs of this notebook and ask for their release',
      icon: reviewIcon,
      execute: () => app.shell.activateById(PANEL),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: COMMAND, category: 'Output Review' });
  }
};

const usage: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:usage',
  description: 'What the workspace uses of what it may, in the status bar.',
  autoStart: true,
  requires: [IStatusBar],
  activate: (app: JupyterFrontEnd, bar: IStatusBar) => {
    const item = new UsageItem(new ReviewApi(app.serviceManager.serverSettings));
    bar.registerStatusItem('@rpp/lab:usage', { item, align: 'left', rank: 100 });
  }
};

const lines: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:lines',
  description: 'Under each output, in one line: safe, or what a reviewer will say.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (app: JupyterFrontEnd, tracker: INotebookTracker) => {
    new QuietLines(tracker, new ReviewApi(app.serviceManager.serverSettings));
  }
};

const hidden: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:hidden',
  description: 'Takes what a workspace refuses out of menus and palette.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => hideCommands(app.commands)
};

const narrow: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:narrow',
  description: 'On a narrow screen the files are put away, so that a notebook has room; their tab brings them back.',
  autoStart: true,
  requires: [ILabShell],
  activate: (app: JupyterFrontEnd, shell: ILabShell) => {
    void shell.restored.then(() => {
      if (window.innerWidth < NARROW) {
        shell.collapseLeft();
      }
    });
  }
};

const notices: JupyterFrontEndPlugin<void> = {
  id: '@rpp/lab:notices',
  description: 'Says in time that the workspace closes, slows down or is paused.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => new Notices(app.serviceManager.serverSettings).begin()
};

export default [plugin, usage, lines, hidden, narrow, notices];
