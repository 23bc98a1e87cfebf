// `tidemill jobs push -`: pushes each line of standard input, which is a job in JSON.
//
// Lines go as they come, many in one request. A line that is refused is named, and the next ones go on; when
// the server cannot be reached any more, pushing ends.
#pragma once

#include <string>

#include "cli/api_client.h"
#include "cli/command.h"

namespace tidemill::cli {

struct JobLinesOptions {
  bool json = false;       // a line of JSON for each: {"line":1,"jid":"…"} or {"line":2,"error":"…"}
  std::string batch = {};  // the id of the batch that they join; empty: none
};
// Gives kDone when every line was pushed.
int PushJobLines(ApiClient& client, const JobLinesOptions& options, int input, Io io);

}  // namespace tidemill::cli
