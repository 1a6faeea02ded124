package cloudwatchapi

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/operation"
)

// DescribeAlarmHistory answers newest first unless ScanBy says otherwise; the
// bounds of time are inclusive.
func (a api) DescribeAlarmHistory(in *cloudwatch.DescribeAlarmHistoryInput, out *cloudwatch.DescribeAlarmHistoryOutput) (err error) {
	if err := operation.Without(in, "", "AlarmContributorId"); err != nil {
		return err
	}
	if in.StartDate != nil && in.EndDate != nil && in.EndDate.Before(*in.StartDate) {
		return invalidValuef("The parameter StartDate must not be after the parameter EndDate.")
	}
	var items []types.AlarmHistoryItem
	for _, h := range view(a, (*autoscale.Engine).AlarmHistory) {
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
	out.AlarmHistoryItems, out.NextToken, err = operation.Page(items, in.MaxRecords, in.NextToken, alarmPages)
	return err
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
