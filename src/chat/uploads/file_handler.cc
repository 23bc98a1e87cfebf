#include "chat/uploads/file_handler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "chat/api/handler.h"
#include "chat/api/refusals.h"
#include "chat/operations/sight.h"
#include "chat/uploads/byte_range.h"
#include "chat/uploads/file_name.h"
#include "chat/uploads/file_type.h"
#include "http/body.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kPieceBytes = 128 * 1024;

class FileBody final : public http::BodySource {
 public:
  FileBody(UploadServices& services, std::shared_ptr<const FileStore::Opened> file, ByteRange range)
      : services_(services), file_(std::move(file)), range_(range) {}

  Task<Result<void>> WriteTo(http::BodyWriter& body) override {
    std::uint64_t at = range_.first;
    const std::uint64_t end = range_.first + range_.bytes;
    while (at < end) {
      const FileStore::Part part{.at = at, .bytes = std::min<std::uint64_t>(kPieceBytes, end - at)};
      auto piece = co_await services_.files.Read(services_.chat.loop, file_, part);
      if (!piece) {
        (void)RefuseFailure(services_, piece.error());
        co_return std::unexpected(std::move(piece).error());
      }
      at += piece->size();
      auto room = body.Write(*piece);
      std::string().swap(*piece);  // the connection has it
      co_await room;
    }
    co_return Result<void>();
  }

 private:
  UploadServices& services_;
  const std::shared_ptr<const FileStore::Opened> file_;
  const ByteRange range_;
};

Refusal NoSuchFile() { return {.code = Code::kNotFound, .message = "there is no such file", .field = ""}; }

void AddHeaders(const Attachment& attachment, const std::string& etag, http::Response& response) {
  const bool is_shown = MayBeInline(attachment.type) && attachment.width > 0;
  const auto disposition = is_shown ? Disposition::kInline : Disposition::kAttachment;
  const std::string charset = attachment.type == "text/plain" ? "; charset=utf-8" : "";
  response.headers = {{"Content-Type", attachment.type + charset},
                      {"Content-Disposition", DispositionOf(disposition, attachment.name)},
                      {"Content-Security-Policy", "sandbox; default-src 'none'"},
                      {"Cross-Origin-Resource-Policy", "same-origin"},
                      {"Cache-Control", "private, no-cache"},
                      {"Accept-Ranges", "bytes"},
                      {"ETag", etag}};
}

class FileHandler final : public http::Handler {
 public:
  explicit FileHandler(UploadServices& services) : services_(services) {}

  std::optional<http::Response> Admit(const http::Request& request) override {
    return AdmitCaller(services_.api, request, Effect::kReads);
  }

  Task<http::Response> Handle(const http::Request& request) override {
    Outcome<http::Response> response = co_await Answer(request);
    co_return response ? *std::move(response) : ToResponse(response.error());
  }

 private:
  Task<Outcome<http::Response>> Answer(const http::Request& request) {
    TM_CO_TRY_ASSIGN(const Actor actor, co_await services_.api.Identify(request));
    TM_CO_TRY_ASSIGN(const StoredAttachment stored,
                     co_await FindFor(actor, request.PathParameter("attachment_id").value_or("")));
    const Attachment& attachment = stored.attachment;
    const std::string etag = "\"" + ToText(attachment.id) + "\"";
    http::Response response;
    AddHeaders(attachment, etag, response);
    if (HasAlready(request, etag)) {
      response.status = 304;
      co_return response;
    }
    const auto size = static_cast<std::uint64_t>(attachment.size);
    const auto range = RangeOf(request, size, etag);
    if (!range) {
      response = http::Response::Text(416, "the file has " + std::to_string(size) + " bytes\n");
      response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
      co_return response;
    }
    co_return co_await WithBody(std::move(response), stored, *range);
  }

  // Of who sees its room; of one that is in no message yet, of who has uploaded it.
  Task<Outcome<StoredAttachment>> FindFor(const Actor& actor, std::string id_text) {
    const auto id = ParseId<AttachmentId>(id_text);
    if (!id) co_return std::unexpected(NoSuchFile());
    TM_CO_TRY_ASSIGN(std::optional<StoredAttachment> stored,
                     co_await services_.chat.store.attachments().Find(*id));
    const bool is_given_up = stored && stored->created_at.ms == 0;
    const bool is_anothers = stored && stored->message_id.value() == 0 && stored->user_id != actor.user.id;
    if (!stored || is_given_up || is_anothers) co_return std::unexpected(NoSuchFile());
    if (const auto view = co_await See(services_.chat, stored->room_id, actor); !view) {
      const bool is_hidden = view.error().code == Code::kNotFound;
      co_return std::unexpected(is_hidden ? NoSuchFile() : view.error());
    }
    co_return *std::move(stored);
  }

  Task<Outcome<http::Response>> WithBody(http::Response response, const StoredAttachment& stored,
                                         std::optional<ByteRange> range) {
    const auto size = static_cast<std::uint64_t>(stored.attachment.size);
    auto file = co_await services_.files.OpenFile(services_.chat.loop, stored.storage_key);
    if (file && (*file)->size != size)
      file = Fail(Errc::kNotFound, stored.storage_key + " has another length");
    if (!file) {
      const Refusal refusal = RefuseFailure(services_, file.error());
      co_return std::unexpected(file.error().code == Errc::kNotFound ? NoSuchFile() : refusal);
    }
    const ByteRange part = range.value_or(ByteRange{.first = 0, .bytes = size});
    if (range) {
      response.status = 206;
      response.headers.emplace_back("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                                         std::to_string(part.first + part.bytes - 1) + "/" +
                                                         std::to_string(size));
    }
    response.body_source = std::make_shared<FileBody>(services_, *std::move(file), part);
    response.body_source_bytes = part.bytes;
    services_.metrics.downloads.Add();
    co_return response;
  }

  UploadServices& services_;
};

}  // namespace

std::shared_ptr<http::Handler> MakeFileHandler(UploadServices& services) {
  return std::make_shared<FileHandler>(services);
}

}  // namespace tidemill::chat
