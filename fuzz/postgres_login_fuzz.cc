// links: postgres
// What a hostile server might say while we log in: no crash, nothing costly asked of us, and nobody is let in
// through SCRAM who did not prove that the password is known there.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "base/utf8.h"
#include "postgres/login/login.h"
#include "postgres/login/saslprep.h"

namespace {

using namespace tidemill::postgres;

LoginOptions OptionsOf(std::uint8_t choice) {
  LoginOptions options{.user = "u", .password = "p\xc2\xaa"};
  options.transport = static_cast<Transport>(choice % 3);
  options.channel_binding = static_cast<ChannelBinding>(choice / 3 % 3);
  options.methods.none = (choice & 64) != 0;
  options.methods.password = (choice & 128) != 0;
  if (options.transport == Transport::kTls) options.end_point = "digest";
  return options;
}

// Messages stand in the input with a byte of 255 between them; "$" in it stands for the nonce that the client
// sent.
std::string Expanded(std::string_view message, const std::string& nonce) {
  std::string out;
  for (const char c : message) {
    if (c == '$') {
      out += nonce;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string prepared = SaslPrep(rest);
  if (!tidemill::IsUtf8(rest)) TM_ASSERT(prepared == rest);
  const LoginOptions options = OptionsOf(data[0]);
  Login login(options);
  std::string nonce;
  bool scram = false;
  bool wrote = false;
  while (!rest.empty()) {
    const std::string_view message = rest.substr(0, rest.find('\xff'));
    rest.remove_prefix(message.size() < rest.size() ? message.size() + 1 : message.size());
    const auto step = login.OnMessage(Expanded(message, nonce));
    if (!step) continue;
    if (const auto* send = std::get_if<Login::Send>(&*step)) {
      TM_ASSERT(!wrote);  // one authentication
      wrote = true;
      const std::size_t at = send->message.rfind(",r=");
      scram = at != std::string::npos;
      if (scram) nonce = send->message.substr(at + 3);
    } else if (const auto* derive = std::get_if<Login::Derive>(&*step)) {
      TM_ASSERT(derive->challenge.iterations <= kScramIterationsMax);
      (void)login.OnKeys({std::string(32, 'c'), std::string(32, 's')});
    } else if (std::holds_alternative<Login::Done>(*step)) {
      TM_ASSERT(!scram);  // nobody can guess the signature
      TM_ASSERT(wrote || options.methods.none);
      TM_ASSERT(options.channel_binding != ChannelBinding::kRequire);
    }
  }
  return 0;
}
