// Which of JupyterLab's own commands are not offered here? Those that the workspace's server would refuse anyway.

import { JupyterFrontEnd } from '@jupyterlab/application';

const HIDDEN = new Set(['docmanager:restore-checkpoint', 'docmanager:save-as', 'filebrowser:upload']);

// A command cannot be taken out of a registry by others than its owner, so it is told to be neither seen nor enabled.
export function hideCommands(commands: JupyterFrontEnd['commands']): void {
  const isVisible = commands.isVisible.bind(commands);
  const isEnabled = commands.isEnabled.bind(commands);
  commands.isVisible = (id, args) => !HIDDEN.has(id) && isVisible(id, args);
  commands.isEnabled = (id, args) => !HIDDEN.has(id) && isEnabled(id, args);
}
