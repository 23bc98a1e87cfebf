// Open reports of all rooms that one moderates.
import { flags } from '../state/moderation';
import { Reports } from '../ui/moderation_pane';
import { Page } from '../ui/page';
import { Empty } from '../ui/ui';

export function ReportsPage() {
  return (
    <Page title="Reports">
      {flags.value.length === 0 && (
        <Empty icon="flag" title="No open reports.">
          <p>What members report in rooms that you moderate comes here.</p>
        </Empty>
      )}
      <Reports list={flags.value} named />
    </Page>
  );
}
