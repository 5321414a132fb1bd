# What the drivers have in common: the tested file as it is or as a mutant, what was reached in it, and work in a child.
require "json"
require "timeout"

module Leyden
  module Variants
    module_function

    def compiled(file, mutant)
      text = File.binread(file)
      text = text.byteslice(0, mutant["begin"]) + mutant["text"].b + text.byteslice(mutant["end"]..)
      RubyVM::InstructionSequence.compile(text.force_encoding("UTF-8"), file, file)
    end

    # In place of the file, so that nobody requires it.
    def load(file, code)
      $LOADED_FEATURES << file
      code.eval
    end

    # Packages that a file names are loaded once, before its variants are.
    def require_libraries(file)
      File.read(file).scan(/^\s*require\s*\(?\s*["']([\w\/-]+)["']/).flatten.each do |name|
        require name
      rescue LoadError
        nil
      end
    end

    # Of Coverage's result: lines as (line, line), branches as (line, -number).
    def arcs_of(result)
      lines = result[:lines].each_with_index.filter_map { |count, i| [i + 1, i + 1] if count&.positive? }
      lines + branches_of(result).filter_map { |arc, count| arc if count.positive? }
    end

    def branches_of(result)
      number = 0
      result[:branches].flat_map do |(_, _, line), ways|
        ways.map { |_, count| [[line, -(number += 1)], count] }
      end
    end

    # What a child says last; nil where it says nothing or takes too long.
    def in_child(limit_s)
      reading, writing = IO.pipe
      child = fork do
        reading.close
        Process.setpgrp
        yield ->(told) { writing.write("#{JSON.generate(told)}\n") }
      # leyden:ignore ruby.rescue-exception what the tested program raises is its answer, whatever it is
      rescue Exception
        nil
      ensure
        writing.flush
        exit!(0)
      end
      writing.close
      text = +""
      begin
        Timeout.timeout(limit_s) { text << reading.read }
      rescue Timeout::Error
        nil
      end
      Process.kill("KILL", -child) rescue nil # leyden:ignore ruby.rescue-modifier it may have ended
      Process.kill("KILL", child) rescue nil # leyden:ignore ruby.rescue-modifier it may have ended
      Process.wait(child)
      reading.close
      line = text.lines.last
      line&.end_with?("\n") ? JSON.parse(line) : nil
    end
  end
end
