/** The profiles there are, and a field for a new one. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, useState } from 'react';

import type { IProfile } from '../api/types';
import { Alert } from '../components/problems';

interface IListProps {
  profiles: IProfile[];
  chosen: string;
  choose: (name: string) => void;
  trans: TranslationBundle;
}

function List(props: IListProps): JSX.Element {
  const { profiles, chosen, choose, trans } = props;
  const group = useId();
  return (
    <fieldset className="jp-parflow-Profiles">
      <legend>{trans.__('Profiles')}</legend>
      {profiles.map(profile => (
        <label key={profile.name} title={profile.path}>
          <input
            type="radio"
            name={group}
            value={profile.name}
            checked={profile.name === chosen}
            autoFocus={profile.name === chosen}
            onChange={() => choose(profile.name)}
          />
          <span className="jp-parflow-Profiles-name">{profile.name}</span>
          <span className="jp-parflow-hint">
            {[
              profile.current && trans.__('current'),
              profile.running ? trans.__('● running') : trans.__('○ stopped')
            ]
              .filter(Boolean)
              .join(', ')}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function NameField(props: {
  name: string;
  setName: (name: string) => void;
  submit: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { name, setName, submit, trans } = props;
  const input = useId();
  return (
    <>
      <label htmlFor={input}>{trans.__('New profile')}</label>
      <div className="jp-parflow-Row">
        <input
          id={input}
          className="jp-parflow-Input"
          type="text"
          autoComplete="off"
          value={name}
          onChange={event => setName(event.target.value)}
          onKeyDown={event => {
            // Enter belongs to this field, not to the dialog around it.
            if (event.key === 'Enter') {
              event.preventDefault();
              submit();
            }
          }}
        />
        <button type="button" className="jp-parflow-Button" onClick={submit}>
          {trans.__('Create')}
        </button>
      </div>
    </>
  );
}

function NewProfile(props: {
  create: (name: string) => Promise<void>;
  trans: TranslationBundle;
}): JSX.Element {
  const { create, trans } = props;
  const [name, setName] = useState('');
  const [error, setError] = useState<string | null>(null);
  const submit = async () => {
    try {
      await create(name);
      setName('');
      setError(null);
    } catch (reason) {
      setError((reason as Error).message);
    }
  };
  return (
    <>
      <NameField
        name={name}
        setName={setName}
        submit={() => void submit()}
        trans={trans}
      />
      {error && <Alert>{error}</Alert>}
    </>
  );
}

/** Choose a profile, or create one. */
export function Profiles(props: {
  /** Null while they are read, or where they can't be. */
  profiles: IProfile[] | null;
  error: string | null;
  chosen: string;
  choose: (name: string) => void;
  create: (name: string) => Promise<void>;
  trans: TranslationBundle;
}): JSX.Element {
  const { profiles, error, create, trans } = props;
  return (
    <>
      {error && <Alert>{error}</Alert>}
      {profiles === null && !error && (
        <p role="status">{trans.__('Reading profiles…')}</p>
      )}
      {profiles && <List {...props} profiles={profiles} />}
      {(profiles || error) && <NewProfile create={create} trans={trans} />}
    </>
  );
}
