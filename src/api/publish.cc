// publish and broadcast.
#include <utility>
#include <vector>

#include "api/commands.h"
#include "api/concurrently.h"
#include "api/results.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kBroadcastWidth = 64;

// The call with what the request gave as its data. What it did not give, or in broken base64, is no data.
broker::PublishCall WithData(broker::PublishCall call, Payload data) {
  call.data = std::move(data.bytes);
  if (data.form == Payload::Form::kJson) call.form = broker::DataForm::kJson;
  if (data.form == Payload::Form::kBase64) call.form = broker::DataForm::kBytes;
  return call;
}

}  // namespace

Task<Outcome> Commands::Run(PublishRequest request, std::string& out) {
  const auto published =
      co_await services_.publisher.Publish(WithData(std::move(request.call), std::move(request.data)));
  if (!published) co_return std::unexpected(published.error());
  AppendPosition(published->position, out);
  co_return Outcome();
}

Task<Outcome> Commands::Run(BroadcastRequest request, std::string& out) {
  if (request.channels.empty() || request.call.delta) co_return std::unexpected(protocol::kErrorBadRequest);
  using Published = broker::Answer<broker::PublishOutcome>;
  struct Job {
    broker::Publisher& publisher;
    const broker::PublishCall call;  // of every channel
    std::vector<std::string> channels;
    std::vector<Published> results;
    Task<void> operator()(std::size_t i) { return One(*this, i); }
    static Task<void> One(Job& job, std::size_t i) {
      broker::PublishCall call = job.call;
      call.channel = std::move(job.channels[i]);
      job.results[i] = co_await job.publisher.Publish(std::move(call));
    }
  };
  Job job{.publisher = services_.publisher,
          .call = WithData(std::move(request.call), std::move(request.data)),
          .channels = std::move(request.channels),
          .results = {}};
  job.results.resize(job.channels.size());
  co_await ForEachConcurrently(job.results.size(), kBroadcastWidth, job);

  out += R"({"responses":[)";
  for (std::size_t i = 0; i < job.results.size(); ++i) {
    if (i > 0) out += ',';
    if (job.results[i]) {
      out += R"({"result":)";
      AppendPosition(job.results[i]->position, out);
    } else {
      out += R"({"error":)";
      AppendErrorObject(job.results[i].error(), out);
    }
    out += '}';
  }
  out += "]}";
  co_return Outcome();
}

}  // namespace tidemill::api
