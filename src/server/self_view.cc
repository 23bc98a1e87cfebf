#include "server/self_view.h"

#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "cli/doctor_inside.h"
#include "net/blocking.h"
#include "settings/effective.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

// Whoever asks within it gets what was found.
constexpr Duration kFoundFor = Seconds(10);
// And so long whoever asks while it is being looked.
constexpr Duration kFoundWhileLooking = Minutes(1);

constexpr std::string_view kNoParams = R"json({"type": "object"})json";
constexpr std::string_view kConfigResult = R"json({
  "type": "object",
  "properties": {
    "keys": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "key": {"type": "string"},
          "value": {"description": "In force on this node; secrets are masked."},
          "default": {"description": "What it is where nothing is given."},
          "source": {
            "type": "string", "enum": ["default", "file", "environment", "flag", "derived"],
            "description": "derived: the server has set it, for --dev or from other settings."
          },
          "where": {"type": "string", "description": "The line of the file, the variable or the flag."},
          "changed": {"type": "boolean", "description": "It is not the default."},
          "reloadable": {"type": "boolean"},
          "restart_needed": {
            "type": "boolean",
            "description": "The value is given, and in force after a restart only."
          }
        },
        "required": ["key", "value", "default", "source", "changed", "reloadable"]
      }
    }
  },
  "required": ["keys"]
})json";
constexpr std::string_view kDoctorResult = R"json({
  "type": "object",
  "properties": {
    "at": {"type": "integer", "format": "int64", "description": "When it was looked; ms since 1970."},
    "findings": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "verdict": {"type": "string", "enum": ["ok", "warn", "fail"]},
          "subject": {"type": "string"}, "text": {"type": "string"}
        }
      }
    }
  },
  "required": ["at", "findings"]
})json";

struct NoParams {};
void Read(JsonReader& json, NoParams&) { json.Skip(); }

// Of one call: the view and the loop that it runs on.
struct OnLoop {
  SelfView& view;
  net::Loop& loop;
};

}  // namespace

struct SelfView::State {
  std::mutex mutex;
  std::string configuration;
  settings::Settings settings;
  config::Sources sources;
  bool looking = false;
  std::optional<MonotonicTime> looked_at;  // with these settings
  std::optional<MonotonicTime> found_at;
  std::string found;  // the result of the method
};

SelfView::SelfView() : state_(std::make_shared<State>()) {}
SelfView::~SelfView() = default;

void SelfView::Set(const settings::Settings& settings, const config::Sources& sources,
                   const config::Origins& origins, const std::vector<std::string>& waiting) {
  std::string configuration = settings::EffectiveJson(settings, origins, waiting);
  const std::lock_guard guard(state_->mutex);
  state_->configuration = std::move(configuration);
  state_->settings = settings;
  state_->sources = sources;
  state_->looked_at.reset();
}

std::string SelfView::Configuration() const {
  const std::lock_guard guard(state_->mutex);
  return state_->configuration;
}

Task<api::Outcome> SelfView::Examine(net::Loop& loop) {
  const MonotonicTime now = loop.clock().Now();
  {
    const std::lock_guard guard(state_->mutex);
    const bool is_fresh = state_->looked_at && now - *state_->looked_at < kFoundFor;
    const bool is_recent = state_->found_at && now - *state_->found_at < kFoundWhileLooking;
    if (is_fresh || (state_->looking && is_recent)) co_return state_->found;
    if (state_->looking) {
      co_return std::unexpected(api::Failure(api::kErrorUnavailable, "it is being looked at; ask again"));
    }
    state_->looking = true;
  }
  co_await net::RunBlocking(loop, [state = state_, now, at = loop.clock().WallNow()] {
    std::unique_lock lock(state->mutex);
    const settings::Settings settings = state->settings;
    const config::Sources sources = state->sources;
    lock.unlock();
    const std::string findings = cli::ToJson(cli::ExamineFromInside(settings, sources));
    lock.lock();
    state->found = R"({"at":)" + std::to_string(at.ms) + R"(,"findings":)" + findings + "}";
    state->looked_at = state->found_at = now;
    state->looking = false;
  });
  const std::lock_guard guard(state_->mutex);
  co_return state_->found;
}

namespace {

Task<api::Outcome> ConfigShow(SelfView& view, NoParams) { co_return view.Configuration(); }
Task<api::Outcome> Doctor(OnLoop& here, NoParams) { return here.view.Examine(here.loop); }

}  // namespace

std::vector<api::Method> SelfView::MethodsFor(net::Loop& loop) {
  // Lives as long as the method does.
  const auto here = std::make_shared<OnLoop>(OnLoop{.view = *this, .loop = loop});
  api::Method doctor = api::MakeMethod(
      "doctor", api::Effect::kReads, *here, Doctor,
      {.summary = "What will hurt: the machine, the settings, stores and key sets, as this node sees them",
       .details = "As `tidemill doctor`, without what cannot be seen from inside. At most each 10 s anew.",
       .params = kNoParams,
       .result = kDoctorResult});
  doctor.read = [here, read = std::move(doctor.read)](JsonReader& json) { return read(json); };
  return {api::MakeMethod("config_show", api::Effect::kReads, *this, ConfigShow,
                          {.summary = "The settings in force on this node, and where each comes from",
                           .params = kNoParams,
                           .result = kConfigResult}),
          std::move(doctor)};
}

}  // namespace tidemill::server
