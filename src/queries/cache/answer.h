// CachedAnswer: an answer as the cache keeps it and gives it to many. Immutable; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "http/message.h"

namespace tidemill::queries {

struct CachedAnswer {
  http::Response response;  // whole: it has no body_source
  // The entity tag in quotes, strong (RFC 9110 section 8.8.3): the response's own, else made of its type and
  // its body. "" unless its status is 200.
  std::string etag;

  static std::shared_ptr<const CachedAnswer> Make(http::Response response);

  // Memory that it takes.
  std::size_t bytes() const;
};

using AnswerPtr = std::shared_ptr<const CachedAnswer>;

}  // namespace tidemill::queries
