// StreamedAnswer: rows as NDJSON or CSV while the database gives them, at constant memory.
//
// The database is asked for more only when the client has taken what was sent. A failure on the way breaks
// the connection off, so that no client takes the beginning for the whole. Loop thread only.
#pragma once

#include <memory>

#include "http/message.h"
#include "net/loop.h"
#include "net/task.h"
#include "queries/values/accept.h"
#include "sql/database.h"

namespace tidemill::queries {

// kLines and kCsv: they are sent while their rows arrive.
bool IsStreamed(Format format);

// Waits for the first rows, so that what fails at once has a status of its own. `request` outlives the task,
// `loop` the response. The stream lives as long as the response's body_source.
Task<sql::Result<http::Response>> StreamAnswer(std::unique_ptr<sql::RowStream> stream, Format format,
                                               const http::Request& request, net::Loop& loop);

}  // namespace tidemill::queries
