// Orders: what `hikyaku login penalties` asks of a running auth. Commands leave a file in logins/orders, which fronts and reception can
// not reach; auth does what it says, writes the answer to logins/answers and removes it.
//
//   list                      lift WHO LF USER
#pragma once

#include <string>

#include "apps/service/service.h"
#include "base/task.h"
#include "io/loop.h"
#include "io/posix_disk.h"
#include "io/workers.h"
#include "services/directory/login_guard.h"

namespace hikyaku::apps {

class LoginOrders {
 public:
  LoginOrders(Service& service, io::Loop& loop, io::Workers& workers, io::Disk& disk, directory::LoginGuard& guard);
  Task<void> run();  // until the loop stops

 private:
  struct Order {
    std::string name, text;
  };
  std::vector<Order> waiting();
  std::string carry_out(const Order& order);

  Service& service_;
  io::Loop& loop_;
  io::Workers& workers_;
  io::Disk& disk_;
  directory::LoginGuard& guard_;
};

}  // namespace hikyaku::apps
