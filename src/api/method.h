// Method: one method of the HTTP API, as the module that serves it gives it.
//
// The API knows no module. Each module has a function that gives the list of its methods, the wiring joins
// the lists, and routes, batch, legacy form, metrics, OpenAPI document and fuzz target walk the result. A
// call is read first and run later, so that a batch of which a part cannot be read runs nothing.
//
// A list belongs to one loop and is used on that loop's thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "api/errors.h"
#include "api/role.h"
#include "base/json.h"
#include "net/task.h"

namespace tidemill::api {

// The result, a JSON object as text; or why there is none.
using Outcome = std::expected<std::string, Failure>;

// A method with parameters that were read.
class Call {
 public:
  virtual ~Call() = default;
  // Once. The task needs the call no more; the module's service and the budget must outlive it. Calls that
  // concern the same thing (a channel, a queue) take effect in the order in which their tasks were started.
  virtual Task<Outcome> Run(AnswerBudget& budget) = 0;
};

enum class Effect : std::uint8_t {
  kReads,         // ends early when the backend hangs up
  kChangesState,  // runs to its end even then
};

// Which keys a caller may have.
enum class Rights : std::uint8_t {
  kAll,   // http_api.key
  kJobs,  // or http_api.jobs_key
};

// A schema of OpenAPI 3.1 that others refer to as "#/components/schemas/NAME". Both are literals.
struct Schema {
  std::string_view name;
  std::string_view json;
};

// What the OpenAPI document says of a method. All texts are literals.
struct Description {
  std::string_view summary;
  std::string_view details = "";
  std::string_view params;  // the JSON Schema of the parameters
  std::string_view result = R"({"type":"object","properties":{}})";
  std::vector<Schema> schemas = {};  // those that the two refer to, directly or not
};

struct Method {
  JsonName name;  // of the route, the command in a batch, the metrics' label and the operationId
  Effect effect;
  Description description;
  // Its calls take their answers off the budget before they make them; the caller does so for others.
  bool takes_budget = false;
  Rights rights = Rights::kAll;
  // What people need who have signed in. nullopt: nobody has decided it, and so nobody may.
  std::optional<Admission> admission = std::nullopt;
  // Its calls may wait for long: a caller that ends its half of the connection has hung up.
  bool waits = false;
  // Reads the object that comes next. Whether it was well formed, JsonReader::Finish tells.
  std::function<std::unique_ptr<Call>(JsonReader&)> read;
};

// A method with parameters of type Params, read by `void Read(JsonReader&, Params&)` of their namespace, and
// run by a function: `Task<Outcome> Publish(broker::Publisher& publisher, PublishParams params)`. One whose
// answers may be large has one more parameter, `AnswerBudget& budget`, and asks it for room before it
// encodes.
template <class Service, class Params, class... Budget>
Method MakeMethod(JsonName name, Effect effect, Service& service,
                  Task<Outcome> (*run)(Service&, Params, Budget...), Description description) {
  class FunctionCall final : public Call {
   public:
    FunctionCall(Service& service, Task<Outcome> (*run)(Service&, Params, Budget...), JsonReader& json)
        : service_(service), run_(run) {
      Read(json, params_);
    }
    Task<Outcome> Run(AnswerBudget& budget) override {
      if constexpr (sizeof...(Budget) > 0) {
        return run_(service_, std::move(params_), budget);
      } else {
        return run_(service_, std::move(params_));
      }
    }

   private:
    Service& service_;
    Task<Outcome> (*run_)(Service&, Params, Budget...);
    Params params_;
  };
  return {.name = name,
          .effect = effect,
          .description = std::move(description),
          .takes_budget = sizeof...(Budget) > 0,
          .read = [&service, run](JsonReader& json) -> std::unique_ptr<Call> {
            return std::make_unique<FunctionCall>(service, run, json);
          }};
}

}  // namespace tidemill::api
