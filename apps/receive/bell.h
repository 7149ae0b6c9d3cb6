// Rings deliver's bell: a hint that incoming has something new. Losing a ring costs at most a second.
#pragma once

#include <string>

#include "io/descriptor.h"

namespace hikyaku::receive {

class Bell {
 public:
  explicit Bell(std::string socket_path) : path_(std::move(socket_path)) {}
  // Never waits; nothing happens while deliver is stopped. By one thread.
  void ring();

 private:
  std::string path_;
  io::Descriptor datagrams_;
};

}  // namespace hikyaku::receive
