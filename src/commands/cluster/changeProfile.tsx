import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';

import { ApiError } from '../../api/errors';
import type { CleanupMode, IClusterInfo, IProfile } from '../../api/types';
import {
  DialogBody,
  showModal,
  type IChoice,
  type IDialogProps
} from '../../components/dialog';
import { profileIcon } from '../../components/icons';
import { Alert } from '../../components/problems';
import { startedHere } from '../../text/cluster';
import {
  CommandIDs,
  type IClusterAction,
  type IClustersModel
} from '../../tokens';
import { cleanupChoices, CleanupQuestion } from '../cleanupQuestion';
import { Profiles } from '../profileList';

/** What must be decided before the profile can change. */
interface IQuestion {
  /** What was started here; null where the server's message says best what stands in the way. */
  cluster: IClusterInfo | null;
  message: string;
}

/** The profiles as far as they were read, and which one is chosen. */
function useProfiles(model: IClustersModel) {
  const [profiles, setProfiles] = useState<IProfile[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [chosen, choose] = useState('');
  useEffect(() => {
    model.listProfiles().then(
      list => {
        setProfiles(list);
        choose(list.find(profile => profile.current)?.name ?? '');
      },
      (reason: Error) => setError(reason.message)
    );
  }, [model]);
  const create = async (name: string) => {
    const profile = await model.createProfile(name);
    setProfiles(await model.listProfiles());
    choose(profile.name);
  };
  return { profiles, error, chosen, choose, create };
}

/** Change the profile; what must be decided before, or null when it is done. */
async function changeOrAsk(
  model: IClustersModel,
  name: string,
  cleanup: CleanupMode | undefined,
  trans: TranslationBundle
): Promise<IQuestion | null> {
  try {
    await model.changeProfile(name, cleanup);
    return null;
  } catch (reason) {
    if (reason instanceof ApiError && reason.reason === 'cleanup-needed') {
      const cluster = await model.clusterWithOwners();
      // What was started can be somebody else's by now.
      const isHere = cluster && startedHere(cluster, trans) !== '';
      return { cluster: isHere ? cluster : null, message: reason.message };
    }
    throw reason;
  }
}

/** Tell that the profile changed, and what became of what was started. */
function notify(
  name: string,
  cleanup: CleanupMode,
  trans: TranslationBundle
): void {
  const text =
    cleanup === 'terminate'
      ? trans.__(
          'The profile is now "%1"; what was started before was ended.',
          name
        )
      : trans.__(
          'The profile is now "%1"; what was started before runs on, and can be adopted there.',
          name
        );
  Notification.success(text, { autoClose: 5000 });
}

function Question(props: {
  question: IQuestion;
  chosen: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { question, chosen, trans } = props;
  const { cluster, message } = question;
  return cluster ? (
    <>
      <p>
        {trans.__(
          'Before the profile changes from "%1" to "%2", say what becomes of what was started.',
          cluster.profile,
          chosen
        )}
      </p>
      <CleanupQuestion cluster={cluster} trans={trans} />
    </>
  ) : (
    <Alert>{message}</Alert>
  );
}

export function ProfileDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const { chosen, ...known } = useProfiles(model);
  const [question, setQuestion] = useState<IQuestion | null>(null);
  const change = async (cleanup?: CleanupMode) => {
    const asked = await changeOrAsk(model, chosen, cleanup, trans);
    if (asked) {
      setQuestion(asked);
      return;
    }
    close();
    if (cleanup) {
      notify(chosen, cleanup, trans);
    }
  };
  const cancel: IChoice = { label: trans.__('Cancel'), choose: close };
  const accept: IChoice = {
    label: trans.__('Change'),
    kind: 'accept',
    choose: () => change()
  };
  return question ? (
    <DialogBody
      key="question"
      trans={trans}
      choices={[cancel, ...cleanupChoices(question.cluster, trans, change)]}
    >
      <Question question={question} chosen={chosen} trans={trans} />
    </DialogBody>
  ) : (
    <DialogBody key="profiles" trans={trans} choices={[cancel, accept]}>
      <Profiles chosen={chosen} trans={trans} {...known} />
    </DialogBody>
  );
}

export const changeProfile: IClusterAction = {
  command: CommandIDs.changeProfile,
  icon: profileIcon,
  label: trans => trans.__('Change profile'),
  caption: trans => trans.__('Use the cluster of another IPython profile'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    await showModal(changeProfile.label(trans), close => (
      <ProfileDialog model={model} trans={trans} close={close} />
    ));
  }
};
