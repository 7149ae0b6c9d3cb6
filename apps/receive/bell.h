// Rings deliver's bell: a hint that incoming has something new, or that a domain's mail is wanted (ETRN). Losing a ring
// costs at most a second; a lost wish, what ETRN would have gained.
#pragma once

#include <string>
#include <string_view>

#include "io/descriptor.h"

namespace hikyaku::receive {

class Bell {
 public:
  explicit Bell(std::string socket_path) : path_(std::move(socket_path)) {}
  // Never waits; nothing happens while deliver is stopped. By one thread.
  void ring();
  // "example.jp" or "@example.jp": for the domain's mail, at most 255 octets. Never waits. By any thread.
  void ask_for(std::string_view domain) const;

 private:
  std::string path_;
  io::Descriptor datagrams_;
};

}  // namespace hikyaku::receive
