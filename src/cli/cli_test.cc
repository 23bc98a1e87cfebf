#include "cli/cli.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "base/base64.h"
#include "base/json_reader.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// A stream that gathers text.
class Text {
 public:
  Text() : file_(open_memstream(&data_, &size_)) {}
  ~Text() {
    fclose(file_);
    free(data_);
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  std::FILE* file() const { return file_; }
  std::string Get() const {
    fflush(file_);
    return {data_, size_};
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

Ran RunWith(
    std::vector<std::string> arguments, const ServeFunction& serve = [](const ServeOptions&) { return 77; }) {
  const Text out;
  const Text err;
  const int code =
      Run(std::move(arguments), {.serve = serve, .schemas = {}}, {.out = out.file(), .err = err.file()});
  return {code, out.Get(), err.Get()};
}

// Takes one connection, reads a request with a body, answers with `answer`.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~OneAnswer() { close(listener_); }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  const std::string& Request() {
    thread_.join();
    return request_;
  }

 private:
  void Serve() {
    const int fd = accept(listener_, nullptr, nullptr);
    char piece[4096];
    while (!request_.ends_with('}')) {
      const ssize_t got = recv(fd, piece, sizeof piece, 0);
      if (got <= 0) break;
      request_.append(piece, static_cast<std::size_t>(got));
    }
    send(fd, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    close(fd);
  }

  const std::string answer_;
  int listener_ = -1;
  int port_ = 0;
  std::string request_;
  std::thread thread_;
};

TEST(Run, ExplainsWhatItDoesNotUnderstand) {
  struct Case {
    std::vector<std::string> arguments;
    std::string err;
  };
  const Case cases[] = {
      {{"servee"}, "tidemill: no command \"servee\"; did you mean serve?\nTry: tidemill --help\n"},
      {{"xyzzy"}, "tidemill: no command \"xyzzy\"\nTry: tidemill --help\n"},
      {{"config", "chekc"},
       "tidemill: no command \"chekc\"; did you mean check?\nTry: tidemill config --help\n"},
      {{"config"}, "tidemill: A subcommand is required\nTry: tidemill config --help\n"},
      {{"publish", "news"}, "tidemill: DATA is required\nTry: tidemill publish --help\n"},
      {{"token", "create"}, "tidemill: --user is required\nTry: tidemill token create --help\n"},
      {{"token", "create", "--user", "1", "--ttl", "1y"},
       "tidemill: --ttl: \"1y\" is not a duration; write it like \"25s\" or \"1h30m\"\n"},
      {{"token", "create", "--user", "1", "--info", "{"},
       "tidemill: --info: not JSON; write it like '{\"name\":\"Ada\"}'\n"},
      {{"token", "create", "--user", "1", "--channel", "a", "--channels", "b"},
       "tidemill: --channel makes a subscription token, --channels belong into a connection token; give "
       "one\n"},
      {{"publish", "news", "hello"},
       "tidemill: DATA is not JSON; write an object as '{\"text\":\"hello\"}' and a plain text as "
       "'\"hello\"'\n"},
      {{"publish", "news", "1", "--url", "localhost"},
       "tidemill: --url: \"localhost\" is not the address of a server; write it like "
       "http://127.0.0.1:8000\n"},
      {{"serve", "now"}, "tidemill: unexpected \"now\"; settings are given as --key value\n"},
      {{"serve", "--confg", "x"}, "tidemill: --confg: unknown; did you mean --config?\n"},
      {{"publish", "a", "1", "--ping_interval", "5s"},
       "tidemill: --ping_interval: unknown; did you mean --client.ping_interval?\n"},
      {{"serve", "--nonsense"}, "tidemill: --nonsense: unknown; `tidemill config doc` lists all settings\n"},
      {{"serve", "--admin"},
       "tidemill: --admin: a setting of Centrifugo that is not available in this version\n"},
      {{"completions", "zhs"},
       "tidemill: SHELL: there is no \"zhs\"; did you mean zsh?; accepted: bash, zsh, fish\n"
       "Try: tidemill completions --help\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.err);
    const Ran ran = RunWith(c.arguments);
    EXPECT_EQ(ran.code, kMisused);
    EXPECT_EQ(ran.err, c.err);
    EXPECT_EQ(ran.out, "");
  }
}

TEST(Run, TeachesEachCommandWithAnExample) {
  const std::vector<std::vector<std::string>> commands = {{"serve"},
                                                          {"token", "create"},
                                                          {"token", "check"},
                                                          {"publish"},
                                                          {"tail"},
                                                          {"config", "check"},
                                                          {"config", "show"},
                                                          {"config", "default"},
                                                          {"config", "doc"},
                                                          {"doctor"},
                                                          {"version"},
                                                          {"init"},
                                                          {"info"},
                                                          {"channels"},
                                                          {"presence"},
                                                          {"history"},
                                                          {"subscribe"},
                                                          {"unsubscribe"},
                                                          {"refresh"},
                                                          {"disconnect"},
                                                          {"broadcast"},
                                                          {"completions"},
                                                          {"man"}};
  for (std::vector<std::string> arguments : commands) {
    SCOPED_TRACE(arguments.back());
    arguments.push_back("--help");
    const Ran ran = RunWith(arguments);
    EXPECT_EQ(ran.code, kDone);
    EXPECT_TRUE(ran.out.contains("Examples:\n  ")) << ran.out;
    EXPECT_TRUE(ran.out.contains("Usage: tidemill " + arguments.front())) << ran.out;
    EXPECT_EQ(ran.err, "");
  }
  EXPECT_EQ(RunWith({"--help"}).code, kDone);
  EXPECT_TRUE(RunWith({"--help"}).out.contains("tidemill serve --dev"));
  EXPECT_EQ(RunWith({}).code, kMisused);
  EXPECT_TRUE(RunWith({"version"}).out.starts_with("tidemill "));
  EXPECT_EQ(RunWith({"--version"}).out, RunWith({"version"}).out);
  EXPECT_EQ(RunWith({"-v"}).out, RunWith({"version"}).out);
  EXPECT_TRUE(RunWith({"version", "--json"}).out.starts_with("{\"version\":\""))
      << RunWith({"version", "--json"}).out;
}

TEST(Run, FailsWhenItsOutputIsLost) {
  // What does not fit into the stream's buffer fails before the end, where the reason is not known any more.
  struct Case {
    std::vector<std::string> arguments;
    const char* why;
  };
  const Case cases[] = {{{"config", "show"}, "it could not be written"},
                        {{"version"}, "No space left on device"},
                        {{"--help"}, "No space left on device"}};
  for (const auto& [arguments, why] : cases) {
    SCOPED_TRACE(arguments.front());
    std::FILE* const full = std::fopen("/dev/full", "we");
    const Text err;
    const auto serve = [](const ServeOptions&) { return 77; };
    EXPECT_EQ(cli::Run(arguments, {.serve = serve, .schemas = {}}, {.out = full, .err = err.file()}),
              kFailed);
    EXPECT_EQ(err.Get(), std::string("tidemill: standard output: ") + why + "\n");
    std::fclose(full);
  }
}

TEST(Serve, IsGivenTheSources) {
  ServeOptions given;
  const Ran ran = RunWith({"serve", "--dev", "--config", "a.toml", "--client.insecure", "--loops", "2",
                           "--client.ping_interval=5s", "--http_server.listen", ":1 :2"},
                          [&given](const ServeOptions& options) {
                            given = options;
                            return 5;
                          });
  EXPECT_EQ(ran.code, 5) << ran.err;
  EXPECT_TRUE(given.dev);
  EXPECT_EQ(given.sources.file, "a.toml");
  EXPECT_EQ(given.sources.flags,
            (std::vector<std::pair<std::string, std::string>>{{"client.insecure", "true"},
                                                              {"loops", "2"},
                                                              {"client.ping_interval", "5s"},
                                                              {"http_server.listen", ":1 :2"}}));
}

TEST(Serve, ListensOnAPortOfThisMachine) {
  ServeOptions given;
  const Ran ran = RunWith({"serve", "--port", "9000"}, [&given](const ServeOptions& options) {
    given = options;
    return kDone;
  });
  EXPECT_EQ(ran.code, kDone) << ran.err;
  EXPECT_EQ(given.sources.flags,
            (std::vector<std::pair<std::string, std::string>>{{"http_server.listen", "127.0.0.1:9000"}}));
}

TEST(Config, IsCheckedShownAndExplained) {
  EXPECT_EQ(RunWith({"config", "check", "--loops", "2"}).code, kDone);
  const Ran bad = RunWith({"config", "check", "--loops", "x", "--config", "/"});
  EXPECT_EQ(bad.code, kFailed);
  EXPECT_EQ(bad.err, "/: is a directory\n--loops = \"x\": not a whole number; accepted: 0 … 64\n");
  const Ran shown = RunWith({"config", "show", "--client.token.hmac_secret_key=hunter2", "--loops", "3"});
  EXPECT_TRUE(shown.out.contains("loops = 3\n"));
  EXPECT_TRUE(shown.out.contains("hmac_secret_key = \"***\"\n"));
  EXPECT_FALSE(shown.out.contains("hunter2"));
  const Ran json = RunWith({"config", "show", "--json", "--client.token.hmac_secret_key=hunter2", "--port",
                            "1", "--channel.namespaces", "chat"});
  EXPECT_TRUE(JsonReader(json.out).Finish()) << json.out;
  EXPECT_TRUE(json.out.contains(R"("http_server.listen":["127.0.0.1:1"])")) << json.out;
  EXPECT_TRUE(json.out.contains(R"("client.token.hmac_secret_key":"***")"));
  EXPECT_TRUE(json.out.contains(R"("channel.namespaces":[{"name":"chat",)"));
  EXPECT_TRUE(RunWith({"config", "default"}).out.contains("ping_interval = \"25s\"\n"));
  EXPECT_EQ(RunWith({"config", "doc"}).out, settings::Markdown());
}

TEST(Init, WritesAFileThatCheckAndTokenTake) {
  const std::string path = testing::TempDir() + "tidemill-init-test.toml";
  remove(path.c_str());
  const Ran made = RunWith({"init", path});
  EXPECT_EQ(made.code, kDone) << made.err;
  EXPECT_TRUE(made.out.contains("  tidemill serve --config " + path + "\n")) << made.out;
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(RunWith({"config", "check", "--config", path}).code, kDone);
  EXPECT_EQ(RunWith({"token", "create", "--user", "42", "--config", path}).code, kDone);
  const Ran again = RunWith({"init", path});
  EXPECT_EQ(again.code, kFailed);
  EXPECT_TRUE(again.err.contains("is there already")) << again.err;
  EXPECT_EQ(RunWith({"config", "check", "--config", path}).code, kDone);
  remove(path.c_str());
  EXPECT_EQ(RunWith({"init", "/nowhere/t.toml"}).code, kFailed);
}

TEST(Token, IsNeverSignedWithAnEmptyKey) {
  const Ran ran = RunWith({"token", "create", "--user", "42", "--port", "1"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_EQ(ran.out, "");
  EXPECT_TRUE(ran.err.contains("no HMAC key"));
}

TEST(Token, IsNotCheckedWithoutAKey) {
  const std::string token = RunWith({"token", "create", "--user", "42", "--hmac-key", "k"}).out;
  const Ran ran = RunWith({"token", "check", token.substr(0, token.size() - 1)});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.err.starts_with("tidemill: no key to check with. Give the server's own: --config"))
      << ran.err;
}

TEST(Token, NamesItsChannelsWithoutBlanks) {
  const Ran created =
      RunWith({"token", "create", "--user", "42", "--channels", " a, b,,", "--hmac-key", "k"});
  const Ran checked =
      RunWith({"token", "check", created.out.substr(0, created.out.size() - 1), "--hmac-key", "k"});
  EXPECT_TRUE(checked.out.contains(R"("channels":["a","b"])")) << checked.out;
}

TEST(Token, IsJudgedAsJson) {
  const auto check = [](const std::vector<std::string>& arguments, const std::string& key) {
    std::vector<std::string> create = {"token", "create", "--hmac-key", "k"};
    create.insert(create.end(), arguments.begin(), arguments.end());
    const std::string token = RunWith(create).out;
    return RunWith({"token", "check", token.substr(0, token.size() - 1), "--json", "--hmac-key", key});
  };
  const Ran good = check({"--user", "42", "--ttl", "0s"}, "k");
  EXPECT_EQ(good.code, kDone);
  EXPECT_TRUE(
      good.out.starts_with(R"({"good":true,"kind":"connection","user":"42","claims":{"sub":"42","iat":)"))
      << good.out;
  const Ran subscribes = check({"--user", "", "--channel", "$a"}, "k");
  EXPECT_TRUE(subscribes.out.starts_with(
      R"({"good":true,"kind":"subscription","user":"","channel":"$a","expire_at":)"))
      << subscribes.out;
  const Ran bad = check({"--user", "42"}, "other");
  EXPECT_EQ(bad.code, kFailed);
  EXPECT_TRUE(bad.out.starts_with(R"({"good":false,"reason":"unauthenticated: )")) << bad.out;
  EXPECT_EQ(bad.err, "");
}

TEST(Token, ThatWasCreatedIsChecked) {
  const Ran created = RunWith({"token", "create", "--user", "42", "--ttl", "10m", "--info", "{\"a\": 1}",
                               "--channels", "a,b", "--client.token.hmac_secret_key", "k"});
  ASSERT_EQ(created.code, kDone) << created.err;
  const std::string token = created.out.substr(0, created.out.size() - 1);
  const Ran good = RunWith({"token", "check", token, "--hmac-key", "k"});
  EXPECT_EQ(good.code, kDone) << good.err;
  EXPECT_TRUE(good.out.contains(R"("sub":"42")")) << good.out;
  EXPECT_TRUE(good.out.contains(R"("channels":["a","b"],"info":{"a": 1})")) << good.out;
  EXPECT_TRUE(good.out.contains("good: a connection token of user \"42\", expires in 10m")) << good.out;
  const Ran bad = RunWith({"token", "check", token, "--hmac-key", "other"});
  EXPECT_EQ(bad.code, kFailed);
  EXPECT_TRUE(bad.err.contains("unauthenticated")) << bad.err;

  const Ran subscribe =
      RunWith({"token", "create", "--user", "", "--ttl", "0s", "--channel", "$a", "--hmac-key", "k"});
  const Ran checked =
      RunWith({"token", "check", subscribe.out.substr(0, subscribe.out.size() - 1), "--hmac-key", "k"});
  EXPECT_TRUE(
      checked.out.contains("a subscription token of the anonymous user for channel \"$a\", never expires"))
      << checked.out << checked.err;
}

std::string Ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Publish, SendsTheRequestAndTellsTheAnswer) {
  struct Case {
    std::string answer;
    int code;
    std::string text;
  };
  const Case cases[] = {
      {Ok(R"({"result":{"offset":3,"epoch":"abcd"}})"), kDone, "published at offset 3 of epoch abcd\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"result\":{}\r\n1\r\n}\r\n0\r\n\r\n",
       kDone, "published\n"},
      {Ok(R"({"error":{"code":102,"message":"unknown channel"}})"), kFailed,
       "refused with error 102: unknown channel\n"},
      {Ok("hello"), kFailed, "status 200"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", kFailed, "closed"},
      {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", kFailed, "refused the API key"},
      {"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", kFailed,
       "no request of 34 bytes; its limit is http_server.max_request_body_bytes"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", kFailed, "http_api.handler_prefix"},
      {"HTTP/1.1 500 Oops\r\n\r\n", kFailed, "status 500"},
      {"SSH-2.0-x\r\n\r\n", kFailed, "not HTTP"},
      {"", kFailed, "closed"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.answer);
    OneAnswer server(c.answer);
    const Ran ran =
        RunWith({"publish", "news", "{\"n\": 1}", "--url", server.url() + "/x", "--api-key", "K"});
    const std::string& request = server.Request();
    EXPECT_EQ(ran.code, c.code) << ran.err;
    EXPECT_TRUE((ran.out + ran.err).contains(c.text)) << ran.out << ran.err;
    EXPECT_TRUE(request.starts_with("POST /x/api/publish HTTP/1.1\r\n")) << request;
    EXPECT_TRUE(request.contains("\r\nX-API-Key: K\r\n"));
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"channel\":\"news\",\"data\":{\"n\": 1}}"));
  }
}

TEST(Publish, GivesTheResultAsJson) {
  for (const std::string result : {R"({"offset":3,"epoch":"abcd"})", "{}"}) {
    OneAnswer server(Ok("{\"result\":" + result + "}"));
    const Ran ran = RunWith({"publish", "news", "1", "--json", "--api-key", "K", "--url", server.url()});
    server.Request();
    EXPECT_EQ(ran.code, kDone) << ran.err;
    EXPECT_EQ(ran.out, result + "\n");
  }
}

TEST(Publish, TellsAMissingKeyFromAWrongOne) {
  OneAnswer server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  const Ran ran = RunWith({"publish", "news", "1", "--url", server.url()});
  server.Request();
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.err.contains("wants an API key, and none was given")) << ran.err;
}

TEST(Doctor, FailsOnAPortThatIsTaken) {
  OneAnswer server("");
  const std::string address = server.url().substr(7);
  const Ran ran = RunWith({"doctor", "--http_server.listen", address});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.out.contains("FAIL address " + address + ": taken by cli_test")) << ran.out;
  EXPECT_TRUE(ran.out.contains("OK   configuration: good"));
  RunWith({"publish", "a", "1", "--url", server.url()});
  server.Request();
}

TEST(Doctor, NamesWhatIsWrongWithTheSettingsAndTheFiles) {
  const Ran ran = RunWith({"doctor", "--http_server.listen", "127.0.0.1:0", "--http_server.tls.cert_pem",
                           "/nonexistent/cert.pem", "--http_server.tls.key_pem", "/nonexistent/key.pem"});
  EXPECT_EQ(ran.code, kFailed);
  EXPECT_TRUE(ran.out.contains("FAIL TLS certificate: /nonexistent/cert.pem: No such file or directory"));
  EXPECT_TRUE(ran.out.contains("WARN client tokens: no client can connect"));
  EXPECT_TRUE(ran.out.contains("clock: "));
  EXPECT_TRUE(ran.out.contains("memory: "));
  const Ran json = RunWith({"doctor", "--json", "--loops", "x"});
  EXPECT_TRUE(json.out.starts_with(R"([{"verdict":"fail","subject":"configuration","text":"--loops)"))
      << json.out;
  EXPECT_TRUE(json.out.ends_with("}]\n"));
  EXPECT_TRUE(RunWith({"doctor", "--loops", "x"}).out.contains("FAIL configuration: --loops = \"x\""));
}

}  // namespace
}  // namespace tidemill::cli
