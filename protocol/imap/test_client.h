// TestClient: one session on a MemoryStore, driven as a socket would: what tests and fuzzers talk to.
#pragma once

#include <string>
#include <string_view>

#include "protocol/imap/memory_store.h"
#include "protocol/imap/session.h"

namespace hikyaku::imap {

class TestClient {
 public:
  TestClient(MemoryStore& store, const SessionSettings& settings, LoginDone login = {})
      : store_(store), session_(settings, std::move(login)) {
    run();
  }

  // Sends the octets and runs the session until it waits.
  void send(std::string_view octets) {
    if (closed_) return;
    session_.receive(octets);
    run();
  }
  // The store changed: an idling session looks.
  void wake() {
    if (closed_ || !wakes_on_change_) return;
    session_.changed();
    run();
  }
  // What the server said since the last call.
  [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] Session& session() { return session_; }
  // Sends a whole command and gives what it said.
  std::string command(std::string_view line) {
    send(std::string(line) + "\r\n");
    return take_output();
  }
  void run() {
    for (;;) {
      Step step = session_.next();
      if (const auto* input = std::get_if<NeedInput>(&step)) {
        wakes_on_change_ = input->wake_on == NeedInput::WakeOn::InputOrChange;
        return;
      }
      if (auto* send = std::get_if<Send>(&step)) {
        output_ += send->octets;
      } else if (auto* ask = std::get_if<Ask>(&step)) {
        session_.answer(store_.carry_out(ask->request));
      } else {
        closed_ = true;
        return;
      }
    }
  }

 private:
  MemoryStore::Connection store_;
  Session session_;
  std::string output_;
  bool closed_ = false, wakes_on_change_ = false;
};

}  // namespace hikyaku::imap
