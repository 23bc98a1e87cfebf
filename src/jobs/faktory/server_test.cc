#include "jobs/faktory/server.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/testing/patience.h"
#include "jobs/engine/options.h"
#include "jobs/faktory/handshake.h"
#include "jobs/faktory/reply.h"
#include "jobs/store/testing/memory_store.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::faktory {
namespace {

using net::testing::DriveUntil;

// A server on an engine whose store the test holds, and clients on pairs of sockets.
class FaktoryServer : public ::testing::Test {
 protected:
  explicit FaktoryServer(ServerOptions options = {}, jobs::EngineOptions engine = {})
      : engine_(*loop_, store_, std::move(engine)),
        server_(*Server::Make(engine_, std::move(options), metrics_)) {
    engine_.Start();
    EXPECT_TRUE(DriveUntil(*loop_, [this] { return !engine_.problem(); }));
  }

  struct Client {
    net::Fd fd;
    std::string received;
  };

  Client Connect(net::Admission admission = net::Admission::kAdmitted) {
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(*loop_, ours.Release(), {}, nullptr), admission);
    return {.fd = std::move(theirs), .received = {}};
  }
  Client Greeted(std::string_view hello = R"(HELLO {"v":2})") {
    Client client = Connect();
    Send(client, hello);
    Expect(client, "+HI {\"v\":2}\r\n+OK\r\n");
    return client;
  }
  Client Worker(std::string_view wid) {
    return Greeted(std::string(R"(HELLO {"v":2,"wid":")") + std::string(wid) + "\"}");
  }
  static void Send(Client& client, std::string_view line) {
    net::testing::WriteAll(client.fd.get(), std::string(line) + "\r\n");
  }
  // Exactly this comes next, and until it does nothing else.
  void Expect(Client& client, std::string_view wanted) {
    EXPECT_TRUE(DriveUntil(*loop_, [&] {
      client.received += net::testing::ReadAvailable(client.fd.get());
      return client.received.size() >= wanted.size();
    })) << client.received;
    EXPECT_EQ(client.received.substr(0, wanted.size()), wanted);
    client.received.erase(0, std::min(client.received.size(), wanted.size()));
  }
  std::string NextLine(Client& client) {
    EXPECT_TRUE(DriveUntil(*loop_, [&] {
      client.received += net::testing::ReadAvailable(client.fd.get());
      return client.received.contains("\r\n");
    })) << client.received;
    const std::size_t end = client.received.find("\r\n");
    std::string line = client.received.substr(0, end);
    client.received.erase(0, end + 2);
    return line;
  }
  std::string Fetched(Client& client) {
    const std::string line = NextLine(client);
    return line == "$-1" ? line : NextLine(client);
  }
  // Nothing comes, however often the loop turns.
  void ExpectNothing(Client& client) {
    net::testing::RunTurns(*loop_, 50);
    client.received += net::testing::ReadAvailable(client.fd.get());
    EXPECT_EQ(client.received, "");
  }
  static std::string Push(std::string_view jid) {
    return std::string(R"(PUSH {"jid":")") + std::string(jid) + R"(","jobtype":"t","args":[]})";
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  jobs::testing::MemoryStore store_{*loop_};
  metrics::Registry registry_;
  ServerMetrics metrics_{registry_};
  jobs::Engine engine_;
  std::unique_ptr<Server> server_;
};

TEST_F(FaktoryServer, AnswersAPushOnceItIsCommitted) {
  Client client = Greeted();
  store_.HoldCommits();
  Send(client, Push("11111111"));
  Send(client, "DANCE");
  ExpectNothing(client);
  store_.ReleaseCommits();
  Expect(client, "+OK\r\n-ERR unknown command DANCE\r\n");
}

TEST_F(FaktoryServer, AnswersAnAckOnceItIsCommitted) {
  Client client = Worker("worker-1");
  Send(client, Push("11111111"));
  Expect(client, "+OK\r\n");
  Send(client, "FETCH default");
  EXPECT_TRUE(Fetched(client).contains("11111111"));
  store_.HoldCommits();
  Send(client, R"(ACK {"jid":"11111111"})");
  ExpectNothing(client);
  store_.ReleaseCommits();
  Expect(client, "+OK\r\n");
}

class FaktoryServerWithAcksAtOnce : public FaktoryServer {
 protected:
  FaktoryServerWithAcksAtOnce() : FaktoryServer({}, {.acks = jobs::AckAnswer::kReceived}) {}
};

TEST_F(FaktoryServerWithAcksAtOnce, AnswersAnAckBeforeItsCommitAndNothingElse) {
  Client client = Worker("worker-1");
  Send(client, Push("11111111"));
  Expect(client, "+OK\r\n");
  Send(client, "FETCH default");
  EXPECT_TRUE(Fetched(client).contains("11111111"));
  store_.HoldCommits();
  Send(client, R"(ACK {"jid":"11111111"})");
  Expect(client, "+OK\r\n");
  Send(client, R"(ACK {"jid":"11111111"})");  // once more
  Expect(client, "+OK\r\n");
  Send(client, Push("22222222"));
  ExpectNothing(client);
  store_.ReleaseCommits();
  Expect(client, "+OK\r\n");
  EXPECT_FALSE(store_.tables().ready.contains(jobs::JobId(1))) << "it is written behind";
}

TEST_F(FaktoryServer, SaysToEachOfManyThatTheirFlushWasNotKept) {
  Client client = Greeted();
  store_.FailCommits(1, {Errc::kUnavailable, "the disk is gone"});
  net::testing::WriteAll(client.fd.get(), Push("11111111") + "\r\nDANCE\r\n" + Push("22222222") + "\r\n");
  Expect(client,
         "-ERR the store of jobs is away: nothing was kept, try again\r\n"
         "-ERR unknown command DANCE\r\n"
         "-ERR the store of jobs is away: nothing was kept, try again\r\n");
  Send(client, Push("11111111"));
  Expect(client, "+OK\r\n");
}

TEST_F(FaktoryServer, GivesAJobToWhoWaits) {
  Client worker = Worker("w1");
  Send(worker, "FETCH default");
  ExpectNothing(worker);
  Client producer = Greeted();
  Send(producer, Push("11111111"));
  EXPECT_TRUE(Fetched(worker).contains(R"("jid":"11111111")"));
}

TEST_F(FaktoryServer, AWaitingFetchHoldsUpWhatIsBehindIt) {
  Client worker = Worker("w1");
  net::testing::WriteAll(worker.fd.get(), "FETCH default\r\nDANCE\r\n");
  ExpectNothing(worker);
  Expect(worker, "$-1\r\n-ERR unknown command DANCE\r\n");
}

TEST_F(FaktoryServer, WhoClosesWhileWaitingTakesNoJob) {
  Client worker = Worker("w1");
  Send(worker, "FETCH default");
  ExpectNothing(worker);
  worker.fd = {};
  Client other = Worker("w2");
  Send(other, Push("11111111"));
  Expect(other, "+OK\r\n");
  Send(other, "FETCH default");
  EXPECT_TRUE(Fetched(other).contains("11111111"));
}

// The job stands behind an answer that waits for a commit when its client goes.
TEST_F(FaktoryServer, AJobThatHasNotLeftGoesBack) {
  Client producer = Greeted();
  Send(producer, Push("11111111"));
  Expect(producer, "+OK\r\n");
  store_.HoldCommits();
  Client worker = Worker("w1");
  net::testing::WriteAll(worker.fd.get(), Push("22222222") + "\r\nFETCH default\r\n");
  ExpectNothing(worker);
  EXPECT_EQ(engine_.counts().working, 1u);
  worker.fd = {};
  EXPECT_TRUE(DriveUntil(*loop_, [this] { return engine_.counts().working == 0; }));
  Send(producer, "FETCH default");
  EXPECT_TRUE(Fetched(producer).contains("11111111"));
  store_.ReleaseCommits();
}

TEST_F(FaktoryServer, ABulkThatIsNoJsonPushesNothing) {
  Client client = Greeted();
  Send(client, R"(PUSHB [{"jid":"11111111","jobtype":"t","args":[]}, oh])");
  EXPECT_TRUE(NextLine(client).starts_with("-ERR invalid JSON"));
  EXPECT_EQ(engine_.counts().enqueued, 0u);
}

TEST_F(FaktoryServer, ABulkWhoseFlushFailsNamesItsJobs) {
  Client client = Greeted();
  store_.FailCommits(1, {Errc::kUnavailable, "gone"});
  Send(client, R"(PUSHB [{"jid":"11111111","jobtype":"t","args":[]},{"jid":"22222222","jobtype":"t"}])");
  NextLine(client);
  Expect(client, R"({"22222222":"jobs must have an args parameter",)"
                 R"("11111111":"the store of jobs is away: nothing was kept, try again"})"
                 "\r\n");
}

TEST_F(FaktoryServer, TellsThoseOverTheLimit) {
  Client client = Connect(net::Admission::kTooManyConnections);
  Expect(client, "-ERR too many connections: 1\r\n");
  EXPECT_EQ(metrics_.connections_refused.value(), 1u);
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    client.fd = {};
    return server_->connections() == 0;
  }));
}

TEST_F(FaktoryServer, EndIsAnsweredByTheEnd) {
  Client client = Greeted();
  store_.HoldCommits();
  net::testing::WriteAll(client.fd.get(), Push("11111111") + "\r\nEND\r\nDANCE\r\n");
  ExpectNothing(client);
  store_.ReleaseCommits();
  Expect(client, "+OK\r\n");
  char byte = 0;
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return recv(client.fd.get(), &byte, 1, MSG_DONTWAIT) == 0; }));
}

TEST_F(FaktoryServer, WhileItDrainsNobodyGetsAJob) {
  Client worker = Worker("w1");
  Send(worker, Push("11111111"));
  Expect(worker, "+OK\r\n");
  server_->Drain();
  Send(worker, "FETCH default");
  Expect(worker, "$-1\r\n");
  Client late = Connect();
  Send(late, R"(HELLO {"v":2})");
  Expect(late, "+HI {\"v\":2}\r\n-ERR shutdown in progress\r\n");
}

TEST_F(FaktoryServer, TheEngineAwayIsSaid) {
  store_.TakeOver("another");
  Client client = Greeted();
  Send(client, Push("11111111"));
  const std::string answer = NextLine(client);
  EXPECT_TRUE(answer.starts_with("-ERR ")) << answer;
}

struct FaktoryServerWithPassword : FaktoryServer {
  FaktoryServerWithPassword() : FaktoryServer({.password = {"secret"}}) {}

  Challenge Greeting(Client& client) {
    const std::string line = NextLine(client);
    unsigned iterations = 0;
    char salt[32] = {};
    EXPECT_EQ(std::sscanf(line.c_str(), R"(+HI {"v":2,"i":%u,"s":"%31[0-9a-f]"})", &iterations, salt), 2)
        << line;
    return {.iterations = iterations, .salt = salt};
  }
};

TEST_F(FaktoryServerWithPassword, LetsThoseInWhoKnowIt) {
  Client client = Connect();
  const Challenge challenge = Greeting(client);
  const std::string hash = PasswordHash("secret", challenge.salt, challenge.iterations);
  Send(client, R"(HELLO {"v":2,"pwdhash":")" + hash + "\"}");
  Expect(client, "+OK\r\n");
  Send(client, Push("11111111"));
  Expect(client, "+OK\r\n");
}

TEST_F(FaktoryServerWithPassword, RefusesOthers) {
  const std::string hashes[] = {"", std::string(64, '0'), "short"};
  for (const std::string& hash : hashes) {
    Client client = Connect();
    Greeting(client);
    Send(client, R"(HELLO {"v":2,"pwdhash":")" + hash + "\"}");
    Expect(client, "-ERR Invalid password\r\n");
  }
  EXPECT_EQ(metrics_.handshakes_refused.value(), 3u);
}

class FewBuffers : public FaktoryServer {
 protected:
  FewBuffers() : FaktoryServer({.buffers_bytes_max = 64 << 10}) {}  // a quarter of it for strangers
};

TEST_F(FewBuffers, WhoeverIsLetInIsNoStrangerAnyMore) {
  const std::string hello = "HELLO {" + std::string(10'000, ' ') + "\"v\":2}";
  for (int i = 0; i < 5; ++i) {
    Client client = Connect();
    net::testing::WriteAll(client.fd.get(), hello.substr(0, 9000));
    ASSERT_TRUE(DriveUntil(*loop_, [&] { return metrics_.buffers_bytes.value() > 0; }));
    Send(client, hello.substr(9000));
    ASSERT_EQ(NextLine(client), "+HI {\"v\":2}");
    ASSERT_EQ(NextLine(client), "+OK");
  }
}

}  // namespace
}  // namespace tidemill::faktory
