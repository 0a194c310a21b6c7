// What does a researcher see and do? Choose outputs, say what they are, send them, follow what became of them.

import React from 'react';
import { Refusal } from './api';
import { ReviewModel } from './model';
import { Outputs } from './outputs';
import { Requests } from './requests';
import { counted, EXAMPLE_CONTEXT, EXAMPLE_CONTROLS, LONGEST_TEXT, missing, stateName } from './words';

export function Review({ model }: { model: ReviewModel }): React.ReactElement {
  return (
    <div className="rpp-Review">
      <header className="rpp-Header">
        <h2>Output review</h2>
        <p className="rpp-Hint">Nothing leaves this workspace but what two reviewers approve.</p>
      </header>
      <Notebook model={model} />
      <Status model={model} />
      <Requests requests={model.requests} refusal={model.requestsRefusal} onRefresh={() => void model.refreshRequests()} />
    </div>
  );
}

function Notebook({ model }: { model: ReviewModel }): React.ReactElement {
  if (model.phase === 'no-notebook') {
    return (
      <section className="rpp-Empty" data-testid="rpp-empty">
        <p>
          <strong>No notebook is open.</strong>
        </p>
        <p>Open one on the left, run it, and its outputs appear here. The starter notebook is a good first one.</p>
      </section>
    );
  }
  return (
    <section aria-label="Outputs of the notebook">
      <div className="rpp-Notebook">
        <h3 title={model.path ?? ''}>{model.path?.split('/').pop()}</h3>
        <button
          type="button"
          className="jp-mod-styled rpp-Small"
          data-testid="rpp-refresh"
          disabled={model.phase === 'reading' || model.phase === 'sending'}
          onClick={() => void model.read()}
        >
          Refresh
        </button>
      </div>
      <Notes model={model} />
      {model.review !== null && model.phase !== 'failed' && (
        <>
          <Outputs
            review={model.review}
            chosen={model.draft.chosen}
            isDisabled={model.phase === 'sending' || model.phase === 'reading'}
            onToggle={(identity, isChosen) => model.toggle(identity, isChosen)}
            onChoose={chosen => model.change({ chosen: new Set(chosen) })}
          />
          {model.review.outputs.length > 0 && <Form model={model} />}
        </>
      )}
    </section>
  );
}

function Notes({ model }: { model: ReviewModel }): React.ReactElement {
  return (
    <>
      {model.isRunning && <p className="rpp-Note">The notebook is still running. Wait for it to finish, then refresh.</p>}
      {!model.isRunning && model.isStale && model.phase === 'ready' && (
        <p className="rpp-Note" data-testid="rpp-stale">
          The notebook changed since these outputs were read. Press <em>Refresh</em> to save it and read them again.
        </p>
      )}
    </>
  );
}

function Form({ model }: { model: ReviewModel }): React.ReactElement {
  const { chosen, context, controls } = model.draft;
  const isSending = model.phase === 'sending';
  const lacks = model.isStale
    ? 'The notebook changed since its outputs were read: press Refresh above, then send.'
    : missing(chosen.size, context, controls);
  return (
    <form
      className="rpp-Form"
      onSubmit={event => {
        event.preventDefault();
        if (lacks === '' && !isSending) {
          void model.submit();
        }
      }}
    >
      <Words
        name="context"
        label="What are these outputs?"
        hint="Whom they describe, the variables, and the question they answer."
        example={EXAMPLE_CONTEXT}
        value={context}
        isDisabled={isSending}
        onChange={value => model.change({ context: value })}
      />
      <Words
        name="controls"
        label="What did you do against disclosure?"
        hint="So that nobody can be recognised in them."
        example={EXAMPLE_CONTROLS}
        value={controls}
        isDisabled={isSending}
        onChange={value => model.change({ controls: value })}
      />
      {model.returned !== null && (
        <label className="rpp-Round" data-testid="rpp-round">
          <input
            type="checkbox"
            checked={!model.draft.isNew}
            disabled={isSending}
            onChange={event => model.change({ isNew: !event.target.checked })}
          />
          This is the next round of {model.returned.id}, which was sent back.
        </label>
      )}
      <p className="rpp-Hint" id="rpp-lacks">
        {lacks}
      </p>
      <button
        type="submit"
        className="jp-mod-styled jp-mod-accept rpp-Submit"
        data-testid="rpp-submit"
        aria-describedby="rpp-lacks"
        disabled={lacks !== '' || isSending || model.phase === 'reading'}
      >
        {isSending ? 'Sending…' : `Send ${chosen.size === 0 ? '' : counted(chosen.size, 'output') + ' '}to the reviewers…`}
      </button>
    </form>
  );
}

interface IWordsProps {
  name: string;
  label: string;
  hint: string;
  example: string;
  value: string;
  isDisabled: boolean;
  onChange: (value: string) => void;
}

function Words({ name, label, hint, example, value, isDisabled, onChange }: IWordsProps): React.ReactElement {
  const id = `rpp-${name}`;
  return (
    <div className="rpp-Words">
      <label htmlFor={id}>
        {label} <span className="rpp-Required">required</span>
      </label>
      <p className="rpp-Hint" id={`${id}-hint`}>
        {hint} {example}
      </p>
      <textarea
        id={id}
        data-testid={id}
        className="jp-mod-styled"
        rows={4}
        required
        maxLength={LONGEST_TEXT}
        aria-describedby={`${id}-hint`}
        value={value}
        disabled={isDisabled}
        onChange={event => onChange(event.target.value)}
      />
    </div>
  );
}

/** One live region that is always there, so that a screen reader hears what changes in it. */
function Status({ model }: { model: ReviewModel }): React.ReactElement {
  const node = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (model.refusal !== null || model.receipt !== null) {
      node.current?.scrollIntoView({ block: 'nearest' });
      // The button that was pressed may be disabled now; the keyboard goes on from the answer.
      node.current?.focus({ preventScroll: true });
    }
  }, [model.refusal, model.receipt]);
  return (
    <div
      ref={node}
      className="rpp-Status"
      data-testid="rpp-status"
      data-phase={model.phase}
      role="status"
      aria-live="polite"
      tabIndex={-1}
    >
      {model.phase === 'reading' && <p className="rpp-Busy">Saving the notebook and reading its outputs…</p>}
      {model.phase === 'sending' && <p className="rpp-Busy">Sending a frozen copy to the reviewers…</p>}
      {model.refusal !== null && <Refused refusal={model.refusal} />}
      {model.receipt !== null && (
        <p className="rpp-Done">
          <strong>Request {model.receipt.id} was sent</strong> and is {stateName(model.receipt.status)}. You can go on working.
        </p>
      )}
    </div>
  );
}

function Refused({ refusal }: { refusal: Refusal }): React.ReactElement {
  return (
    <div className="rpp-Refused" data-code={refusal.code}>
      <p>{refusal.message}</p>
      {refusal.reasons.length > 0 && (
        <ul>
          {refusal.reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
