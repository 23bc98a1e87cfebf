// `tidemill publish CHANNEL -`: publishes each line of standard input, which is NDJSON.
//
// Lines go as they come, many in one request, in their order. A line that is not JSON or that the server
// refuses is named, and the next ones go on; when the server cannot be reached any more, publishing ends.
#pragma once

#include <string>

#include "cli/api_client.h"
#include "cli/command.h"

namespace tidemill::cli {

// Reads from `input`. Gives kDone when every line was published. With `json`, one line of JSON for each line:
// {"line":1,"result":{"offset":7,"epoch":"…"}} or {"line":2,"error":"…"}.
struct LinesOptions {
  std::string channel;
  bool json = false;
  bool sequential = false;  // a line waits for the one before
};
int PublishLines(ApiClient& client, const LinesOptions& options, int input, Io io);

}  // namespace tidemill::cli
