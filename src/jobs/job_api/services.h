// What the methods of the API share: one for each loop.
#pragma once

#include <optional>
#include <utility>

#include "api/method.h"
#include "jobs/job_api/engine_door.h"
#include "jobs/job_api/members.h"

namespace tidemill::jobs {

struct ApiServices {
  EngineDoor& door;
};

// A method that is done on the engine's loop, by `Task<api::Outcome> kRun(Engine&, P)`.
template <auto kRun, class P>
Task<api::Outcome> RunOnEngine(ApiServices& services, P params) {
  if (params.refused) co_return std::unexpected(*std::move(params.refused));
  co_return co_await services.door.Run(+kRun, std::move(params));
}

template <class P>
P ParamsOf(Task<api::Outcome> (*)(Engine&, P));

template <auto kRun>
api::Method EngineMethod(JsonName name, api::Effect effect, ApiServices& services,
                         api::Description description) {
  using P = decltype(ParamsOf(kRun));
  return api::MakeMethod(name, effect, services, &RunOnEngine<kRun, P>, std::move(description));
}

}  // namespace tidemill::jobs
