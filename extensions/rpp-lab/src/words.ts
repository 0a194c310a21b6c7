// What is said to a researcher? Every word that depends on data, in one place.

export const EXAMPLE_CONTEXT =
  'For example: mean days absent by grade and school year, all students enrolled in October, 2013–2018. Answers research question 2.';
export const EXAMPLE_CONTROLS =
  'For example: groups of fewer than 10 students left out, counts rounded to 10, no school is named, the figure draws means only.';
export const SHORTEST_TEXT = 10;
export const LONGEST_TEXT = 5000;

const KINDS: Record<string, string> = { table: 'Table', text: 'Text', figure: 'Figure', error: 'Error message', source: 'Code' };

const STATES: Record<string, string> = {
  submitted: 'waiting for the reviewers',
  returned: 'sent back: see the comments in the portal',
  approved: 'approved, release is being made',
  rejected: 'not approved: see the reasons in the portal',
  withdrawn: 'withdrawn',
  released: 'released: download it in the portal',
  revoked: 'revoked: stop using it, see the portal'
};

export function kindName(kind: string): string {
  return KINDS[kind] ?? kind;
}

export function stateName(status: string): string {
  return STATES[status] ?? status;
}

export function counted(count: number, one: string, many: string = one + 's'): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "today 14:05" or "3 Nov 2026". */
export function when(iso: string, now: Date = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return '';
  }
  return date.toDateString() === now.toDateString()
    ? `today ${date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
    : date.toLocaleDateString([], { day: 'numeric', month: 'short', year: 'numeric' });
}

/** What is missing before a request can be sent, as one sentence; empty when nothing is. */
export function missing(chosen: number, context: string, controls: string): string {
  const lacks = [
    chosen === 0 ? 'tick at least one output' : '',
    context.trim().length < SHORTEST_TEXT ? 'say what the outputs are' : '',
    controls.trim().length < SHORTEST_TEXT ? 'say what you did against disclosure' : ''
  ].filter(Boolean);
  return lacks.length === 0 ? '' : `To send: ${lacks.join(', then ')}.`;
}
