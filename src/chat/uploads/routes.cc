#include "chat/uploads/routes.h"

#include <string>

#include "chat/api/handler.h"
#include "chat/operations/answers.h"
#include "chat/uploads/file_handler.h"
#include "chat/uploads/sweeper.h"
#include "chat/uploads/upload_handler.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kUploadPath = "/rooms/{room_id}/files";
constexpr std::string_view kFilePath = "/files/{attachment_id}/{name}";

constexpr std::string_view kUploadJson = R"json({"post": {
  "operationId": "attachments.upload",
  "summary": "Uploads a file, whose bytes are the body as they are; a message may take it within a day",
  "parameters": [
    {"name": "room_id", "in": "path", "required": true, "schema": {"type": "string"}},
    {"name": "name", "in": "query", "required": true, "description": "What the file is called.",
     "schema": {"type": "string"}}],
  "requestBody": {"required": true, "content": {"application/octet-stream": {}}},
  "responses": {
    "201": {"description": "Kept", "content": {"application/json": {"schema": {"type": "object", "properties":
      {"attachment": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"},
       "type": {"type": "string"}, "size": {"type": "integer"}, "width": {"type": "integer"},
       "height": {"type": "integer"}, "url": {"type": "string"}}}}}}}},
    "default": {"description": "Refused: too_long or quota_exceeded (413), storage_full (507), and others.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}}}})json";

constexpr std::string_view kFileJson = R"json({"get": {
  "operationId": "attachments.download",
  "summary": "The bytes of a file, or a range of them, for those who see its room",
  "parameters": [
    {"name": "attachment_id", "in": "path", "required": true, "schema": {"type": "string"}},
    {"name": "name", "in": "path", "required": true, "description": "Anything: it is not looked at.",
     "schema": {"type": "string"}}],
  "responses": {
    "200": {"description": "All of it.", "content": {"*/*": {}}},
    "206": {"description": "The range that was asked for.", "content": {"*/*": {}}},
    "default": {"description": "Refused: the error says why.",
      "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}}}})json";

struct OfAttachment {
  AttachmentId attachment_id;
};
constexpr Field<OfAttachment> kOfAttachment[] = {Path<&OfAttachment::attachment_id>("attachment_id", "")};

// What stays of it when the disk fails is removed later.
Task<Outcome<Answer>> DeleteIt(UploadServices& services, Actor actor, OfAttachment params) {
  AttachmentStore& rows = services.chat.store.attachments();
  TM_CO_TRY_ASSIGN(const std::optional<StoredAttachment> stored, co_await rows.Find(params.attachment_id));
  TM_CO_TRY_ASSIGN(const bool is_given_up, co_await rows.GiveUp(params.attachment_id, actor.user.id));
  if (!stored || !is_given_up) {
    co_return Refuse(Code::kNotFound, "there is no such file of yours that is in no message");
  }
  (void)co_await RemoveGivenUp(services, *stored);
  co_return NoContent();
}

}  // namespace

std::vector<Operation> AttachmentOperations(UploadServices& services) {
  return {MakeOperation({.name = "attachments.delete",
                         .method = http::Method::kDelete,
                         .path = "/files/{attachment_id}",
                         .effect = Effect::kChanges,
                         .summary = "Takes back a file that one has uploaded and not sent",
                         .result = "",
                         .status = 204},
                        services, kOfAttachment, DeleteIt)};
}

void AddUploadRoutes(UploadServices& services, http::Router& router) {
  const std::string prefix = kPrefix;
  router.Add(http::Method::kPost, prefix + std::string(kUploadPath), MakeUploadHandler(services));
  router.Add(http::Method::kGet, prefix + std::string(kFilePath), MakeFileHandler(services));
  services.api.Describe({.path = kUploadPath, .json = kUploadJson});
  services.api.Describe({.path = kFilePath, .json = kFileJson});
}

}  // namespace tidemill::chat
