package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
)

// describeAlarmHistory answers newest first unless ScanBy says otherwise; the
// bounds of time are inclusive.
func (a cloudWatchAPI) describeAlarmHistory(_ context.Context, in *cloudwatch.DescribeAlarmHistoryInput) (*cloudwatch.DescribeAlarmHistoryOutput, error) {
	if in.StartDate != nil && in.EndDate != nil && in.EndDate.Before(*in.StartDate) {
		return nil, apiErrorf("InvalidParameterValue", "The parameter StartDate must not be after the parameter EndDate.")
	}
	a.c.mu.Lock()
	history := a.c.engine.AlarmHistory()
	a.c.mu.Unlock()
	items := make([]types.AlarmHistoryItem, 0, len(history))
	for _, h := range history {
		if historyMatches(in, h) {
			items = append(items, types.AlarmHistoryItem{
				AlarmName: &h.AlarmName, AlarmType: types.AlarmTypeMetricAlarm, Timestamp: &h.Time,
				HistoryItemType: types.HistoryItemType(h.Type), HistorySummary: &h.Summary, HistoryData: &h.Data,
			})
		}
	}
	if in.ScanBy == types.ScanByTimestampAscending {
		slices.Reverse(items)
	}
	page, next, err := pageOf(items, in.MaxRecords, in.NextToken, alarmPages)
	return &cloudwatch.DescribeAlarmHistoryOutput{AlarmHistoryItems: page, NextToken: next}, err
}

func historyMatches(in *cloudwatch.DescribeAlarmHistoryInput, h autoscale.HistoryItem) bool {
	switch {
	case in.AlarmName != nil && *in.AlarmName != h.AlarmName,
		in.HistoryItemType != "" && autoscale.HistoryItemType(in.HistoryItemType) != h.Type,
		in.StartDate != nil && h.Time.Before(*in.StartDate),
		in.EndDate != nil && h.Time.After(*in.EndDate),
		len(in.AlarmTypes) > 0 && !slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm):
		return false
	}
	return true
}
