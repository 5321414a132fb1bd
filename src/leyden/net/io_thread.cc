#include "leyden/net/io_thread.h"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>

#include "leyden/net/asio.h"

namespace leyden::net {

IoThread::IoThread() : state_(std::make_shared<State>()) {
  state_->thread = std::jthread([context = &state_->context] { context->run(); });
}

IoThread::~IoThread() { stop(); }

void IoThread::stop() {
  std::lock_guard lock(state_->stopping);
  if (!state_->thread.joinable()) return;
  state_->work.reset();
  state_->thread.join();
}

}  // namespace leyden::net
