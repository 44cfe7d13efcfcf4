package com.hazelcast.core;

import java.util.concurrent.ExecutorService;

/**
 * Stands in for Hazelcast's, which is known by its name only.
 */
public interface IExecutorService extends ExecutorService {

}
