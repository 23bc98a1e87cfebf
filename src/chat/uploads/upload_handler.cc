#include "chat/uploads/upload_handler.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "chat/api/handler.h"
#include "chat/api/refusals.h"
#include "chat/operations/answers.h"
#include "chat/operations/sight.h"
#include "chat/uploads/file_name.h"
#include "http/body_reader.h"
#include "net/run_to_end.h"

namespace tidemill::chat {
namespace {

std::unexpected<Refusal> TooLong(const UploadSettings& settings) {
  return Refuse(Code::kTooLong,
                "a file has at most " + std::to_string(settings.file_bytes_max) +
                    " bytes (chat.uploads.file_bytes_max)",
                "body");
}

// Whoever may say something in the room, be it in threads only.
Outcome<> MayUpload(const RoomView& view, const Actor& actor) {
  const Outcome<Acting> may_post = Allow(Action::kPost, view, actor);
  if (may_post || Allow(Action::kReply, view, actor)) return {};
  return std::unexpected(may_post.error());
}

// A row that nobody was told of is given up.
Task<Outcome<Attachment>> KeepUpload(UploadServices& services, FileStore::Draft draft,
                                     Admission::Ticket ticket, StoredAttachment row) {
  const Admission::Ticket until_there_is_a_row = std::move(ticket);
  auto type = co_await services.files.Finish(draft);
  if (!type) co_return std::unexpected(RefuseFailure(services, type.error()));
  row.attachment.type = std::move(type->type);
  row.attachment.width = type->width;
  row.attachment.height = type->height;
  row.storage_key = draft.key();
  AttachmentStore& rows = services.chat.store.attachments();
  TM_CO_TRY_ASSIGN(const StoredAttachment stored, co_await rows.Add(std::move(row)));
  if (const auto kept = co_await services.files.Keep(draft); !kept) {
    (void)co_await rows.GiveUp(stored.attachment.id, stored.user_id);
    co_return std::unexpected(RefuseFailure(services, kept.error()));
  }
  services.metrics.uploads.Add();
  services.metrics.uploaded_bytes.Add(static_cast<std::uint64_t>(stored.attachment.size));
  co_return stored.attachment;
}

class UploadHandler final : public http::Handler {
 public:
  explicit UploadHandler(UploadServices& services) : services_(services) {}

  bool reads_body() const override { return true; }
  // What is too long is said in JSON, by Admit and Handle.
  std::size_t body_bytes_max() const override { return std::numeric_limits<std::size_t>::max(); }

  std::optional<http::Response> Admit(const http::Request& request) override {
    if (auto refused = AdmitCaller(services_.api, request, Effect::kChanges)) return refused;
    const std::string_view length = request.Header("content-length").value_or("0");
    std::uint64_t bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (bytes <= services_.settings.file_bytes_max) return std::nullopt;
    services_.metrics.refused_uploads.Add();
    return ToResponse(TooLong(services_.settings).error());
  }

  Task<http::Response> Handle(const http::Request& request) override {
    Outcome<Attachment> kept = co_await Receive(request);
    if (!kept) {
      services_.metrics.refused_uploads.Add();
      co_return ToResponse(kept.error());
    }
    http::Response response = http::Response::Json(201, AnswerWith("attachment", *kept).json);
    response.headers.emplace_back("Cache-Control", "no-store");
    co_return response;
  }

 private:
  Task<Outcome<Attachment>> Receive(const http::Request& request) {
    TM_CO_TRY_ASSIGN(const Actor actor, co_await services_.api.Identify(request));
    const auto room = ParseId<RoomId>(request.PathParameter("room_id").value_or(""));
    if (!room) co_return Refuse(Code::kInvalid, "this is no id", "room_id");
    const std::string name = request.QueryParameter("name").value_or("");
    if (name.empty()) {
      co_return Refuse(Code::kInvalid, "?name= says what the file is called, percent-encoded", "name");
    }
    TM_CO_TRY_ASSIGN(const RoomView view, co_await See(services_.chat, *room, actor));
    TM_CO_TRY(MayUpload(view, actor));
    http::BodyReader& body = *request.body_reader;
    TM_CO_TRY_ASSIGN(Admission::Ticket ticket, co_await Enter(actor.user.id, body));
    auto draft = co_await services_.files.Begin(services_.chat.loop);
    if (!draft) co_return std::unexpected(RefuseFailure(services_, draft.error()));
    TM_CO_TRY_ASSIGN(const std::int64_t size, co_await Write(body, *draft));
    StoredAttachment row{.attachment = {.name = CleanFileName(name), .size = size},
                         .room_id = *room,
                         .user_id = actor.user.id};
    co_return co_await RunToEnd(services_.keeping,
                                KeepUpload(services_, *std::move(draft), std::move(ticket), std::move(row)));
  }

  Task<Outcome<Admission::Ticket>> Enter(std::string user, http::BodyReader& body) {
    TM_CO_TRY_ASSIGN(
        Admission::Ticket ticket,
        services_.admission.Enter(
            user, std::max<std::uint64_t>(kFileBytesMin,
                                          body.body_bytes().value_or(services_.settings.file_bytes_max))));
    AttachmentStore& rows = services_.chat.store.attachments();
    Admission::Kept kept;
    if (services_.settings.user_bytes_max > 0) {
      TM_CO_TRY_ASSIGN(const std::int64_t bytes, co_await rows.MeasureBytesOf(std::move(user)));
      kept.user_bytes = static_cast<std::uint64_t>(bytes);
    }
    if (services_.settings.total_bytes_max > 0) {
      TM_CO_TRY_ASSIGN(const std::int64_t bytes, co_await rows.MeasureBytes());
      kept.total_bytes = static_cast<std::uint64_t>(bytes);
    }
    TM_CO_TRY(services_.admission.CheckQuota(ticket, kept));
    co_return ticket;
  }

  Task<Outcome<std::int64_t>> Write(http::BodyReader& body, const FileStore::Draft& draft) {
    std::uint64_t size = 0;
    while (true) {
      std::string piece = co_await body.Read();
      if (piece.empty()) break;
      size += piece.size();
      if (size > services_.settings.file_bytes_max) co_return TooLong(services_.settings);
      if (const auto written = co_await services_.files.Append(draft, std::move(piece)); !written) {
        co_return std::unexpected(RefuseFailure(services_, written.error()));
      }
    }
    if (size == 0) co_return Refuse(Code::kInvalid, "the file is empty", "body");
    co_return static_cast<std::int64_t>(size);
  }

  UploadServices& services_;
};

}  // namespace

std::shared_ptr<http::Handler> MakeUploadHandler(UploadServices& services) {
  return std::make_shared<UploadHandler>(services);
}

}  // namespace tidemill::chat
