// CachedAnswer: an answer as the cache keeps it and gives it to many. Immutable; any thread.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string>

#include "http/message.h"

namespace tidemill::queries {

struct CachedAnswer {
  http::Response response;  // whole: it has no body_source
  // The entity tag in quotes, strong (RFC 9110 section 8.8.3): the response's own, else made of its type and
  // its body. "" unless its status is 200, or where it was too large to make one.
  std::string etag;

  // `tagged_bytes_max`: a larger body gets no tag, which would take long to make.
  static std::shared_ptr<const CachedAnswer> Make(
      http::Response response, std::size_t tagged_bytes_max = std::numeric_limits<std::size_t>::max());

  // Memory that it takes.
  std::size_t bytes() const;
};

using AnswerPtr = std::shared_ptr<const CachedAnswer>;

}  // namespace tidemill::queries
