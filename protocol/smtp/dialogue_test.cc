// Runs tests/dialogues/smtp/*.dialogue against the pure conversation in a scripted world, and the dialogues others wrote
// (testdata/smtp-dialogues) where that folder is there: HIKYAKU_TESTDATA, or shared/testdata beside or above the tree.
//
// A dialogue, for one connection "1" or several:
//   role submission|lmtp|relay    as what the server listens (at the top)
//   tls                           the stream is TLS from its first octet (at the top)
//   times, etrn                   as test_times() offers; ETRN is taken (at the top)
//   limit NAME NUMBER             message, recipients, errors, line (at the top)
//   1 C: words                    sent with CR LF
//   1 R: words\n                  sent as written; \r \n \t \0 \\ are escapes
//   1 S: 250 2.1.* *              one line that must come; "*" stands for anything
//   1 close                       the server must have closed
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/cursor.h"
#include "protocol/smtp/scripted_world.h"

using namespace hikyaku;
using namespace hikyaku::smtp;

namespace {

bool matches(std::string_view text, std::string_view pattern) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const auto rest = pattern.substr(star + 1);
  for (auto at = star; at <= text.size(); ++at)
    if (matches(text.substr(at), rest)) return true;
  return false;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '0': out += '\0'; break;
      default: out += text[i];
    }
  }
  return out;
}

// One connection: what the server said and nobody has looked at yet.
struct Talk {
  explicit Talk(const ServerConfig& config, WorldTls tls) : world(config, tls) { unread = world.run(); }
  void send(std::string_view octets) { unread += world.say(octets); }
  std::optional<std::string> line() {
    const auto end = unread.find("\r\n");
    if (end == std::string::npos) return std::nullopt;
    auto out = unread.substr(0, end);
    unread.erase(0, end + 2);
    return out;
  }
  ScriptedWorld world;
  std::string unread;
};

void set_limit(Limits& limits, const std::string& name, std::uint64_t number) {
  if (name == "message") limits.message_octets = number;
  else if (name == "recipients") limits.recipients = static_cast<std::uint32_t>(number);
  else if (name == "errors") limits.errors = static_cast<std::uint32_t>(number);
  else if (name == "line") limits.content.most_line_octets = number;
  else FAIL("unknown limit ", name);
}

void run_dialogue(const std::filesystem::path& path) {
  std::ifstream file(path);
  auto config = test_config();
  auto tls = WorldTls::None;
  std::map<std::string, Talk> talks;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    INFO(path.filename().string(), ":", number, ": ", line);
    std::istringstream words(line);
    std::string who, what, name;
    words >> who >> what;
    if (who == "role") config.role = what == "lmtp" ? Role::Lmtp : what == "submission" ? Role::Submission : Role::Relay;
    else if (who == "tls") tls = WorldTls::FromTheStart;
    else if (who == "times") config.times = test_times();
    else if (who == "etrn") config.etrn = true;
    else if (who == "limit") words >> name, set_limit(config.limits, what, std::stoull(name));
    else {
      auto [talk, is_new] = talks.try_emplace(who, config, tls);
      const auto text = line.size() > who.size() + 4 ? line.substr(who.size() + 4) : std::string{};
      if (what == "C:") talk->second.send(text + "\r\n");
      else if (what == "R:") talk->second.send(unescape(text));
      else if (what == "close") CHECK(talk->second.world.closed);
      else {
        REQUIRE(what == "S:");
        const auto said = talk->second.line();
        REQUIRE(said);
        INFO("the server said: ", *said);
        CHECK(matches(*said, text));
      }
    }
  }
  for (const auto& [who, talk] : talks) {
    INFO(path.filename().string(), ", connection ", who);
    CHECK(talk.unread.empty());
  }
}

// The expressions of the .cmy files: 'text', text * number, a + b, ( ).
class Expression {
 public:
  explicit Expression(std::string_view text) : in_(text) {}
  std::string sum() {
    std::string out = product();
    while (skip(), in_.take('+')) out += product();
    return out;
  }

 private:
  void skip() { in_.take_while([](char c) { return c == ' '; }); }
  std::string product() {
    std::string out = term();
    while (skip(), in_.take('*')) {
      skip();
      const auto times = parse_number(in_, 10'000'000);
      REQUIRE(times);
      std::string repeated;
      for (std::uint64_t i = 0; i < *times; ++i) repeated += out;
      out = std::move(repeated);
    }
    return out;
  }
  std::string term() {
    skip();
    if (in_.take('(')) {
      auto out = sum();
      skip();
      REQUIRE(in_.take(')'));
      return out;
    }
    const char quote = in_.next();
    REQUIRE((quote == '\'' || quote == '"'));
    std::string raw;
    while (!in_.at_end() && in_.peek() != quote) {
      if (in_.peek() == '\\') raw += in_.next();
      raw += in_.next();
    }
    REQUIRE(in_.take(quote));
    return unescape(raw);
  }
  Cursor in_;
};

// These compare the first digit of the code alone: the words are another server's.
void run_foreign(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::optional<Talk> talk;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    INFO(path.filename().string(), ":", number, ": ", line);
    const auto after = line.find(' ');
    const auto verb_end = std::min(line.find(' ', after + 1), line.size());
    const auto verb = line.substr(after + 1, verb_end - after - 1);
    const auto rest = verb_end < line.size() ? line.substr(verb_end + 1) : std::string{};
    if (verb == "tcp_connect" || verb == "tls_connect") {
      auto config = test_config();
      config.limits.message_octets = 1 << 20;
      config.role = verb == "tls_connect" ? Role::Submission : Role::Relay;
      talk.emplace(config, verb == "tls_connect" ? WorldTls::FromTheStart : WorldTls::None);
      talk->world.user = "user@testserver";
      talk->world.password = "secretpassword";
      talk->world.local_domain = "testserver";
      talk->world.locals = {"user"};
    } else if (verb == "close") {
      talk.reset();
    } else if (verb == "->") {
      talk->send(rest + "\r\n");
    } else if (verb == "~>") {
      talk->send(Expression(rest).sum());
    } else {
      auto said = talk->line();
      REQUIRE(said);
      while (verb == "<..." && !said->starts_with(rest)) {
        said = talk->line();
        REQUIRE(said);
      }
      // "<~" reads one reply, however many lines.
      while (verb == "<~" && said->size() > 3 && (*said)[3] == '-') {
        said = talk->line();
        REQUIRE(said);
      }
      INFO("the server said: ", *said);
      CHECK((*said)[0] == rest[0]);
    }
  }
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> files;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(folder, problem))
    if (entry.path().extension() == extension) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("dialogues") {
  const auto files = files_in("tests/dialogues/smtp", ".dialogue");
  REQUIRE_FALSE(files.empty());
  for (const auto& file : files) run_dialogue(file);
}

TEST_CASE("dialogues of another project") {
  std::vector<std::filesystem::path> places;
  if (const char* given = std::getenv("HIKYAKU_TESTDATA")) places.emplace_back(given);
  for (const char* above : {"../shared/testdata", "../../shared/testdata"}) places.emplace_back(above);
  for (const auto& place : places) {
    const auto files = files_in(place / "smtp-dialogues", ".cmy");
    if (files.empty()) continue;
    for (const auto& file : files) run_foreign(file);
    return;
  }
  MESSAGE("skipped: no testdata/smtp-dialogues");
}
