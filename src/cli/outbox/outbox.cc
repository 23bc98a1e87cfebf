#include "cli/outbox/outbox.h"

#include "cli/outbox/outbox_entries.h"
#include "cli/outbox/outbox_trigger.h"

namespace tidemill::cli {

CommandSpec OutboxCommand() {
  return {.name = "outbox",
          .help = "Shows what waits to leave the database; prints triggers that publish",
          .examples =
              "  tidemill outbox status\n"
              "  tidemill outbox parked\n"
              "  tidemill outbox trigger orders --insert >trigger.sql\n",
          .commands = {OutboxStatusCommand(), OutboxParkedCommand(), OutboxRetryCommand(),
                       OutboxDropCommand(), OutboxTriggerCommand()}};
}

}  // namespace tidemill::cli
