// publish and broadcast.
#include <utility>
#include <vector>

#include "api/commands.h"
#include "api/concurrently.h"
#include "api/results.h"

namespace tidemill::api {
namespace {

constexpr std::size_t kBroadcastWidth = 64;

// What was read as JSON is known to be valid.
bool DataFits(const config::ChannelOptions& options, const Payload& data) {
  if (data.form != Payload::Form::kJson) return channels::DataAllowed(options, data.bytes);
  return options.publication_data_format != "json_object" || data.bytes.starts_with('{');
}

}  // namespace

Task<Outcome> Commands::Run(PublishRequest request, std::string& out) {
  const Published position = co_await Publish(std::move(request.channel), std::move(request.content));
  if (!position) co_return std::unexpected(position.error());
  AppendPosition(*position, out);
  co_return Outcome();
}

Task<Outcome> Commands::Run(BroadcastRequest request, std::string& out) {
  if (request.channels.empty() || request.content.delta)
    co_return std::unexpected(protocol::kErrorBadRequest);
  struct Job {
    Commands& commands;
    BroadcastRequest& request;
    std::vector<Published> results;
    Task<void> operator()(std::size_t i) { return One(*this, i); }
    static Task<void> One(Job& job, std::size_t i) {
      job.results[i] = co_await job.commands.Publish(std::move(job.request.channels[i]), job.request.content);
    }
  };
  Job job{.commands = *this, .request = request, .results = std::vector<Published>(request.channels.size())};
  co_await ForEachConcurrently(job.results.size(), kBroadcastWidth, job);

  out += R"({"responses":[)";
  for (std::size_t i = 0; i < job.results.size(); ++i) {
    if (i > 0) out += ',';
    if (job.results[i]) {
      out += R"({"result":)";
      AppendPosition(*job.results[i], out);
    } else {
      out += R"({"error":)";
      AppendErrorObject(job.results[i].error(), out);
    }
    out += '}';
  }
  out += "]}";
  co_return Outcome();
}

Task<Commands::Published> Commands::Publish(std::string channel, Content content) {
  const auto found = Find(channel);
  if (!found) co_return std::unexpected(found.error());
  if (const Outcome fits = CheckContent(*found, content); !fits) co_return std::unexpected(fits.error());
  broker::PublishOptions options{.stream = {},
                                 .idempotency_key = std::move(content.idempotency_key),
                                 .version = content.version,
                                 .version_epoch = std::move(content.version_epoch)};
  if (!content.skip_history) options.stream = StreamOf(*found);
  protocol::Publication publication;
  publication.data = std::move(content.data.bytes);
  publication.tags = std::move(content.tags);
  auto published = co_await services_.broker.Publish(broker::ChannelName(std::move(channel)),
                                                     std::move(publication), std::move(options));
  if (!published) co_return std::unexpected(CodeOf(published.error()));
  co_return std::move(published->position);
}

Outcome Commands::CheckContent(const channels::Channel& channel, const Content& content) const {
  const bool readable =
      content.data.form != Payload::Form::kAbsent && content.data.form != Payload::Form::kMalformed;
  // Deltas are not made yet: who asks for one is told, instead of getting whole publications.
  if (!readable || content.delta || !DataFits(*channel.options, content.data)) {
    return std::unexpected(protocol::kErrorBadRequest);
  }
  return {};
}

}  // namespace tidemill::api
