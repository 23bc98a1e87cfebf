#include "cli/token.h"

#include "cli/token_check.h"
#include "cli/token_create.h"

namespace tidemill::cli {

CommandSpec TokenCommand() {
  return {.name = "token",
          .help = "Makes and checks tokens of clients",
          .commands = {TokenCreateCommand(), TokenCheckCommand()}};
}

}  // namespace tidemill::cli
