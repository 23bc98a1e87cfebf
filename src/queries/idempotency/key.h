// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a client that does not know whether its write
// has happened sends it again with the same key, and it happens once.
//
// A key belongs to a caller and an endpoint. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::queries {

// What a write is known by.
struct WriteIdentity {
  std::string id;           // of caller, endpoint and key: 64 hexadecimal digits
  std::string fingerprint;  // of what was asked: the same for the same request
  friend bool operator==(const WriteIdentity&, const WriteIdentity&) = default;
};

// Views are read by MakeWriteIdentity only.
struct WriteParts {
  std::string_view key;       // as ReadIdempotencyKey gives it
  std::string_view endpoint;  // Endpoint::operation_id
  std::string_view caller;    // tells callers apart; "": those without a name are one
  std::string_view target;    // of the request, with its query
  std::string_view content_type;
  std::string_view body;
};
WriteIdentity MakeWriteIdentity(const WriteParts& parts);

// The value of the header: a string in quotes (RFC 9651 section 3.3.3), or the same without quotes, as many
// clients send it; 1 to 255 visible characters. kInvalidArgument says what is wrong with it.
Result<std::string> ReadIdempotencyKey(std::string_view header);

}  // namespace tidemill::queries
