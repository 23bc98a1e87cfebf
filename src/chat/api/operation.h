// Operation: one thing that chat does for a user: a route of HTTP, a method of rpc, and a piece of the
// OpenAPI document, of one entry in a list.
//
// A call is read first and run later. A list belongs to one loop and is used on that loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "chat/api/field.h"
#include "chat/store/refusal.h"
#include "chat/store/user.h"
#include "http/message.h"
#include "net/task.h"

namespace tidemill::chat {

struct Answer {
  int status = 200;
  std::string json;  // "" with 204
};

// Who calls.
struct Actor {
  User user;
  bool by_service = false;  // an API key acts for them
};

class Call {
 public:
  virtual ~Call() = default;
  // Once. The task needs the call no more; the services must outlive it.
  virtual Task<Outcome<Answer>> Run(Actor actor) = 0;
};

enum class Effect : std::uint8_t {
  kReads,    // ends early when the client hangs up
  kChanges,  // runs to its end even then
};

// All texts are literals.
struct OperationInfo {
  std::string_view name;  // "messages.send"; the rpc is "chat:messages.send"
  http::Method method = http::Method::kGet;
  std::string_view path;  // below /chat/v1: "/rooms/{room_id}/messages"
  Effect effect = Effect::kReads;
  std::string_view summary;
  std::string_view result;  // the JSON Schema of the answer; "": there is none
  int status = 200;         // of an answer that is as hoped for
  // The field that the header Idempotency-Key stands for; "": none.
  std::string_view idempotency_field = "";
};

using ReadCall = std::function<Outcome<std::unique_ptr<Call>>(std::string_view json)>;

struct Operation {
  OperationInfo info;
  std::vector<FieldInfo> fields;
  ReadCall read;
};

// Of an operation that has none.
struct NoParams {};

// Reads `json`, one object, by the fields.
template <class P>
Outcome<P> ReadParams(std::string_view json, std::span<const Field<P>> fields) {
  JsonReader reader(json);
  P params{};
  std::optional<Refusal> refused = ReadFields(reader, fields, params);
  if (const auto finished = reader.Finish(); !finished) {
    return Refuse(Code::kInvalid, "the body is not a JSON object: " + finished.error().detail);
  }
  if (refused) return std::unexpected(*std::move(refused));
  return params;
}

// One that is run by `Task<Outcome<Answer>> Send(Services& services, Actor actor, SendParams params)`.
// `fields` are of static storage.
template <class S, class P>
Operation MakeOperationOf(const OperationInfo& info, S& services, std::span<const Field<P>> fields,
                          Task<Outcome<Answer>> (*run)(S&, Actor, P)) {
  class FunctionCall final : public Call {
   public:
    FunctionCall(S& services, Task<Outcome<Answer>> (*run)(S&, Actor, P), P params)
        : services_(services), run_(run), params_(std::move(params)) {}
    Task<Outcome<Answer>> Run(Actor actor) override {
      return run_(services_, std::move(actor), std::move(params_));
    }

   private:
    S& services_;
    Task<Outcome<Answer>> (*run_)(S&, Actor, P);
    P params_;
  };
  Operation operation{.info = info, .fields = {}, .read = {}};
  for (const Field<P>& each : fields) operation.fields.push_back(each.info);
  operation.read = [&services, fields, run](std::string_view json) -> Outcome<std::unique_ptr<Call>> {
    Outcome<P> params = ReadParams(json, fields);
    if (!params) return std::unexpected(std::move(params).error());
    return std::make_unique<FunctionCall>(services, run, *std::move(params));
  };
  return operation;
}

template <class S, class P, std::size_t N>
Operation MakeOperation(const OperationInfo& info, S& services, const Field<P> (&fields)[N],
                        Task<Outcome<Answer>> (*run)(S&, Actor, P)) {
  return MakeOperationOf(info, services, std::span<const Field<P>>(fields), run);
}

template <class S>
Operation MakeOperation(const OperationInfo& info, S& services,
                        Task<Outcome<Answer>> (*run)(S&, Actor, NoParams)) {
  return MakeOperationOf(info, services, std::span<const Field<NoParams>>(), run);
}

}  // namespace tidemill::chat
