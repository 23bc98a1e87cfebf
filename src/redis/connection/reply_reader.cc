#include "redis/connection/reply_reader.h"

#include <hiredis/read.h>

#include <string>
#include <utility>

#include "base/assert.h"

namespace tidemill::redis {
namespace {

// The place of the value that is being read: the root, or the next element of its array. Elements are added
// one by one, so that an array's announced length costs nothing before its elements are there; no pointer to
// an earlier element is held while a later one is added.
Reply* Place(const redisReadTask* task) {
  if (!task->parent) return new Reply;
  return &static_cast<Reply*>(task->parent->obj)->elements.emplace_back();
}

void* CreateString(const redisReadTask* task, char* text, std::size_t bytes) {
  Reply* const reply = Place(task);
  reply->text.assign(text, bytes);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::kError
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::kStatus
                                                   : Reply::Kind::kString;
  return reply;
}

void* CreateArray(const redisReadTask* task, int) {
  Reply* const reply = Place(task);
  reply->kind = Reply::Kind::kArray;
  return reply;
}

void* CreateInteger(const redisReadTask* task, long long value) {
  Reply* const reply = Place(task);
  reply->kind = Reply::Kind::kInteger;
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) { return Place(task); }

// Only ever called with the root.
void Free(void* root) { delete static_cast<Reply*>(root); }

redisReplyObjectFunctions kFunctions = {CreateString, CreateArray, CreateInteger, CreateNil, Free};

}  // namespace

struct ReplyReader::Parser {
  Parser() : reader(redisReaderCreateWithFunctions(&kFunctions)) { TM_ASSERT(reader != nullptr); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { redisReaderFree(reader); }

  Error error() const { return {Errc::kInvalidArgument, std::string("not RESP: ") + reader->errstr}; }

  redisReader* const reader;
};

ReplyReader::ReplyReader(std::size_t reply_bytes_max)
    : parser_(std::make_unique<Parser>()), reply_bytes_max_(reply_bytes_max) {}

ReplyReader::~ReplyReader() = default;

Result<void> ReplyReader::Feed(std::string_view bytes) {
  unread_bytes_ += bytes.size();
  if (unread_bytes_ > reply_bytes_max_ + bytes.size()) {
    return Fail(Errc::kLimitExceeded, "a reply is over " + std::to_string(reply_bytes_max_) + " bytes");
  }
  if (redisReaderFeed(parser_->reader, bytes.data(), bytes.size()) != REDIS_OK) {
    return std::unexpected(parser_->error());
  }
  return {};
}

Result<std::optional<Reply>> ReplyReader::Next() {
  void* root = nullptr;
  if (redisReaderGetReply(parser_->reader, &root) != REDIS_OK) return std::unexpected(parser_->error());
  if (!root) return std::nullopt;
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(root));
  unread_bytes_ = parser_->reader->len - parser_->reader->pos;
  return std::move(*reply);
}

}  // namespace tidemill::redis
