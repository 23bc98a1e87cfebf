#include "cli/jobs/jobs.h"

#include "cli/jobs/jobs_act.h"
#include "cli/jobs/jobs_cron.h"
#include "cli/jobs/jobs_flow.h"
#include "cli/jobs/jobs_list.h"
#include "cli/jobs/jobs_make.h"
#include "cli/jobs/jobs_push.h"
#include "cli/jobs/jobs_queues.h"
#include "cli/jobs/jobs_top.h"
#include "cli/jobs/jobs_webhooks.h"
#include "cli/jobs/jobs_workers.h"
#include "cli/jobs/work.h"

namespace tidemill::cli {

CommandSpec JobsCommand() {
  return {.name = "jobs",
          .help = "Pushes, works on, lists, retries and watches background jobs",
          .examples =
              "  tidemill jobs push email '\"ann@example.com\"'\n"
              "  tidemill jobs work -- python3 send_mail.py\n"
              "  tidemill jobs list dead\n"
              "  tidemill jobs top\n",
          .commands = {
              JobsPushCommand(),    JobsListCommand(),      JobsShowCommand(),         JobsRetryCommand(),
              JobsCancelCommand(),  JobsKillCommand(),      JobsRedriveCommand(),      JobsDiscardCommand(),
              JobsQueuesCommand(),  JobsPauseCommand(),     JobsResumeCommand(),       JobsRemoveCommand(),
              JobsWorkersCommand(), JobsQuietCommand(),     JobsTerminateCommand(),    JobsBatchesCommand(),
              JobsBatchCommand(),   JobsSignalCommand(),    JobsLimitsCommand(),       JobsSequencesCommand(),
              JobsSkipCommand(),    JobsBatchPushCommand(), JobsWorkflowPushCommand(), JobsWebhooksCommand(),
              JobsEnableCommand(),  JobsCronCommand(),      JobsTopCommand(),          WorkCommand()}};
}

}  // namespace tidemill::cli
