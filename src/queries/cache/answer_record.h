// The bytes of an answer in Redis and in our tables (docs/formats/redis-cache.md): "1", a line feed, then
// parts, each as its length in decimal, a colon and its bytes: status, entity tag, body, and name and value
// of each header.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "queries/cache/answer.h"

namespace tidemill::queries {

std::string EncodeAnswer(const CachedAnswer& answer);
// kInvalidArgument: malformed, or of another form.
Result<AnswerPtr> DecodeAnswer(std::string_view record);

}  // namespace tidemill::queries
