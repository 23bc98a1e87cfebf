// Format: in which form a client wants its rows, by its Accept header (RFC 9110 section 12.5.1).
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"
#include "queries/files/query.h"

namespace tidemill::queries {

enum class Format : std::uint8_t {
  kJson,    // application/json
  kObject,  // application/vnd.pgrst.object+json: exactly one row, else 406
  kLines,   // application/x-ndjson, also application/jsonl: an object on each line
  kCsv,     // text/csv
};

// With its parameters: "text/csv; charset=utf-8".
std::string_view ContentType(Format format);

// What an endpoint of this shape can give, the usual one first.
std::span<const Format> FormatsOf(files::RowsShape shape);

// The format of `offered` with the highest quality; of equals the one that is named first, then the usual
// one. nullopt: none is accepted. Without Accept headers the usual one.
std::optional<Format> Negotiate(const http::Request& request, std::span<const Format> offered);

// Whether an event stream is asked for: Accept names text/event-stream, and not with q=0.
bool AsksForEvents(const http::Request& request);

}  // namespace tidemill::queries
