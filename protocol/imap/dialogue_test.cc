// Golden dialogues: tests/dialogues/imap/*.dialogue, several clients on one in-memory store.
//
//   1 C: a NOOP                 client 1 sends the line and CRLF
//   1 S: a OK <...>             client 1 gets this line next; "<...>" stands for any text
//   1 end                       client 1 gets nothing more, and its connection is closed
//   deliver INBOX Subject       a message arrives; who idles is woken
// Lines that start with "#" are comments. What is left unread at the end of the file is a failure.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "protocol/imap/test_client.h"

namespace hikyaku::imap {
namespace {

bool line_matches(std::string_view pattern, std::string_view line) {
  const auto gap = pattern.find("<...>");
  if (gap == std::string_view::npos) return pattern == line;
  if (!line.starts_with(pattern.substr(0, gap))) return false;
  const auto rest = pattern.substr(gap + 5);
  for (std::size_t at = gap; at <= line.size(); ++at) {
    if (line_matches(rest, line.substr(at))) return true;
  }
  return false;
}

class Dialogue {
 public:
  void run(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      INFO(path.filename().string(), ":", number, ": ", line);
      step(line);
    }
    for (auto& [name, client] : clients_) {
      INFO(path.filename().string(), ": client ", name);
      CHECK(unread_[name] + client.take_output() == "");
    }
  }

 private:
  void step(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (line.starts_with("deliver ")) {
      line.remove_prefix(8);
      const auto space = line.find(' ');
      store_.deliver(std::string(line.substr(0, space)), "Subject: " + std::string(line.substr(space + 1)) + "\r\n\r\nText\r\n");
      return wake_all();
    }
    const char name = line.front();
    auto& client = clients_.try_emplace(name, store_, settings_, LoginDone{"login", {}}).first->second;
    if (!greeted_[name]) CHECK(client.take_output().starts_with("login OK [CAPABILITY "));
    greeted_[name] = true;
    const auto what = line.substr(2);
    if (what == "end") {
      CHECK(unread_[name] + client.take_output() == "");
      CHECK(client.closed());
    } else if (what.starts_with("C:")) {
      client.send(std::string(what.substr(what.size() > 3 ? 3 : what.size())) + "\r\n");
      wake_all();
    } else {
      REQUIRE(what.starts_with("S: "));
      const auto got = next_line(name, client);
      CHECK_MESSAGE(line_matches(what.substr(3), got), "got: ", got);
    }
  }
  std::string next_line(char name, TestClient& client) {
    auto& text = unread_[name];
    text += client.take_output();
    const auto end = text.find("\r\n");
    if (end == std::string::npos) return "(nothing) " + std::exchange(text, {});
    std::string line = text.substr(0, end);
    text.erase(0, end + 2);
    return line;
  }
  void wake_all() {
    for (auto& [name, client] : clients_) client.wake();
  }

  ManualClock clock_;
  MemoryStore store_{clock_};
  SessionSettings settings_;
  std::map<char, TestClient> clients_;
  std::map<char, std::string> unread_;
  std::map<char, bool> greeted_;
};

TEST_CASE("imap dialogues") {
  int dialogues = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/dialogues/imap")) {
    if (entry.path().extension() != ".dialogue") continue;
    Dialogue().run(entry.path());
    ++dialogues;
  }
  CHECK(dialogues >= 8);
}

}  // namespace
}  // namespace hikyaku::imap
