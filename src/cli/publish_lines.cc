#include "cli/publish_lines.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/json.h"
#include "cli/line_reader.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kProblemsSaidMax = 20;

// A line on its way, and what has become of it.
struct Job {
  Line line;
  std::string result;                  // the server's JSON
  std::optional<std::string> problem;  // why it is not published
};

using Jobs = std::span<Job*>;

std::string PublishParams(std::string_view channel, std::string_view data) {
  std::string params;
  JsonWriter json(params);
  json.BeginObject();
  json.Member("channel", channel);
  json.RawMember("data", data);
  json.EndObject();
  return params;
}

// The server begins the commands of a parallel batch in their order, and so they reach the stream.
std::string BatchParams(const LinesOptions& options, Jobs jobs) {
  std::string params = fmt::format(R"({{"parallel":{},"commands":[)", !options.sequential);
  for (const Job* job : jobs) {
    if (!params.ends_with('[')) params += ',';
    params.append(R"({"publish":)").append(PublishParams(options.channel, job->line.text)).append("}");
  }
  return params + "]}";
}

// {"publish":{…}} or {"error":{…}}
Result<void> ReadReply(JsonReader& json, Job& job) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "publish") job.result = json.ReadRaw();
    if (*key != "error") continue;
    TM_TRY_ASSIGN(job.problem, ApiErrorText(json.ReadRaw()));
  }
  return {};
}

Result<void> ReadReplies(std::string_view body, Jobs jobs) {
  std::size_t count = 0;
  JsonReader json(body);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "replies") continue;
    json.EnterArray();
    for (; json.NextElement(); ++count) {
      if (count < jobs.size()) TM_TRY(ReadReply(json, *jobs[count]));
    }
  }
  TM_TRY(json.Finish());
  return count == jobs.size() ? Result<void>() : Fail(Errc::kInternal, "another number of replies");
}

class LinePublisher {
 public:
  LinePublisher(ApiClient& client, const LinesOptions& options, Io io)
      : client_(client), options_(options), io_(io) {}

  // Publishes these lines; an error ends it all.
  Result<void> Publish(std::vector<Line> lines) {
    std::vector<Job> all;
    for (Line& line : lines) all.push_back({.line = std::move(line)});
    std::vector<Job*> good;
    for (Job& job : all) {
      if (const Result<void> read = JsonReader(job.line.text).Finish(); read) {
        good.push_back(&job);
      } else {
        job.problem = fmt::format("not JSON: {}", read.error().detail);
      }
    }
    if (!good.empty()) TM_TRY(Send(good));
    for (const Job& job : all) Tell(job);
    std::fflush(io_.out);
    return {};
  }

  int End(const Result<void>& ended) {
    if (problems_ > kProblemsSaidMax && !options_.json) {
      PrintError(io_, fmt::format("tidemill: and {} more lines\n", problems_ - kProblemsSaidMax));
    }
    if (!ended) Failed(io_, ended.error().detail);
    const bool whole = ended && problems_ == 0;
    const std::string summary = whole ? fmt::format("published {} lines\n", published_)
                                      : fmt::format("published {} lines, {} not{}\n", published_, problems_,
                                                    ended ? "" : ", and stopped before the end");
    if (options_.json) {
      PrintError(io_, "tidemill: " + summary);
    } else {
      Print(io_, summary);
    }
    return whole ? kDone : kFailed;
  }

 private:
  // In one request, unless the server finds it too long, or one of them makes the whole unreadable (by its
  // depth): then each half, until the line is found.
  Result<void> Send(Jobs jobs) {
    if (jobs.size() == 1) return SendOne(*jobs[0]);
    std::string params = BatchParams(options_, jobs);
    const std::size_t bytes = params.size();
    const Result<http::ClientResponse> answer = client_.Post("batch", std::move(params));
    if (!answer) return Lost(answer.error(), jobs);
    if (answer->status == 400 || answer->status == 413) {
      TM_TRY(Send(jobs.first(jobs.size() / 2)));
      return Send(jobs.subspan(jobs.size() / 2));
    }
    if (answer->status != 200) return Fail(Errc::kPermissionDenied, client_.Refusal(answer->status, bytes));
    const Result<void> read = ReadReplies(answer->body, jobs);
    if (!read)
      return Fail(Errc::kInternal, fmt::format("the answer is none of batch: {}", read.error().detail));
    return {};
  }

  Result<void> SendOne(Job& job) {
    Result<std::string> result = client_.Call("publish", PublishParams(options_.channel, job.line.text));
    if (result) {
      job.result = *std::move(result);
    } else if (result.error().code == Errc::kPermissionDenied) {
      job.problem = std::move(result).error().detail;
    } else {
      Job* const jobs[] = {&job};
      return Lost(result.error(), jobs);
    }
    return {};
  }

  static std::unexpected<Error> Lost(const Error& error, std::span<Job* const> jobs) {
    return Fail(error.code, fmt::format("lines {} to {} are published or not: {}", jobs.front()->line.number,
                                        jobs.back()->line.number, error.detail));
  }

  void Tell(const Job& job) {
    ++(job.problem ? problems_ : published_);
    if (options_.json) {
      std::string text;
      JsonWriter json(text);
      json.BeginObject();
      json.Member("line", job.line.number);
      if (job.problem) {
        json.Member("error", *job.problem);
      } else {
        json.RawMember("result", job.result);
      }
      json.EndObject();
      Print(io_, text + "\n");
    } else if (job.problem && problems_ <= kProblemsSaidMax) {
      PrintError(io_, fmt::format("tidemill: line {}: {}\n", job.line.number, *job.problem));
    }
  }

  ApiClient& client_;
  const LinesOptions& options_;
  const Io io_;
  std::uint64_t published_ = 0;
  std::uint64_t problems_ = 0;
};

}  // namespace

int PublishLines(ApiClient& client, const LinesOptions& options, int input, Io io) {
  LineReader reader(input, {});
  LinePublisher publisher(client, options, io);
  while (true) {
    Result<std::vector<Line>> lines = reader.Next();
    if (!lines) return publisher.End(std::unexpected(std::move(lines).error()));
    if (lines->empty()) return publisher.End({});
    if (const Result<void> published = publisher.Publish(*std::move(lines)); !published) {
      return publisher.End(published);
    }
  }
}

}  // namespace tidemill::cli
