/** The profiles there are, and a field for a new one. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useId, useState } from 'react';

import type { IProfile } from '../api/types';
import { Alert } from '../components/problems';

interface IProfilesProps {
  profiles: IProfile[];
  chosen: string;
  choose: (name: string) => void;
  trans: TranslationBundle;
}

export function Profiles(props: IProfilesProps): JSX.Element {
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

export function NewProfile(props: {
  create: (name: string) => Promise<void>;
  trans: TranslationBundle;
}): JSX.Element {
  const { create, trans } = props;
  const [name, setName] = useState('');
  const [error, setError] = useState<string | null>(null);
  const input = useId();
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
              void submit();
            }
          }}
        />
        <button
          type="button"
          className="jp-parflow-Button"
          onClick={() => void submit()}
        >
          {trans.__('Create')}
        </button>
      </div>
      {error && <Alert>{error}</Alert>}
    </>
  );
}
