// ReplyReader: bytes from a Redis server in, replies out. hiredis' reader does the parsing.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "redis/reply.h"

namespace tidemill::redis {

class ReplyReader {
 public:
  // `reply_bytes_max`: of one reply on the wire.
  explicit ReplyReader(std::size_t reply_bytes_max);
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Takes the bytes; the replies in them come from Next. kLimitExceeded: a reply is too long.
  // After an error of either function nothing more can be read.
  Result<void> Feed(std::string_view bytes);
  // nullopt: more bytes are needed. kInvalidArgument: that is not RESP2.
  Result<std::optional<Reply>> Next();

 private:
  struct Parser;
  const std::unique_ptr<Parser> parser_;
  const std::size_t reply_bytes_max_;
  std::size_t unread_bytes_ = 0;  // fed since the last reply ended, at least
};

}  // namespace tidemill::redis
